import { type ErrorCode, type ErrorEntry, errors } from "@revenprox/contract/errors";
import type { RefusalReason } from "@revenprox/contract/metric-labels";
import type { Answer, ResponseHeaders } from "./answer.ts";
import { type MoreOfProblem, problemAnswer } from "./problem.ts";

/** Counts refusals by reason; `rejected` are those of a limit. */
export interface RefusalCounts {
  refused(reason: RefusalReason): void;
  rejected(): void;
}

/** Makes the answer that refuses a request, and counts it. */
export type Refuse = (code: ErrorCode, detail: string, headers?: ResponseHeaders, more?: MoreOfProblem) => Answer;

export const refusing =
  (counts: RefusalCounts): Refuse =>
  (code, detail, headers, more) => {
    const { reason }: ErrorEntry = errors[code];
    if (reason === "rejected") counts.rejected();
    else counts.refused(reason);
    return problemAnswer(code, detail, headers, more);
  };
