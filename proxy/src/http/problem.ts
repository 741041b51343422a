import { type ErrorCode, type ErrorEntry, errors } from "@revenprox/contract/errors";
import type { Answer, ResponseHeaders } from "./answer.ts";

/** RFC 9457 problem; `code` is the catalogue's, `mend` what the caller can do. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly mend: string;
  /** Topics of the request that were denied, where only some may have been. */
  readonly denied?: readonly string[];
}

/** Members of a problem that only some have. */
export type MoreOfProblem = Pick<Problem, "denied">;

export const problemType = "application/problem+json";

/** The problem that a code stands for; `detail` says what was found in this request. */
export const problemOf = (code: ErrorCode, detail: string): Problem => {
  const { status, title, mend } = errors[code];
  return { type: `urn:revenprox:error:${code}`, title, status, code, detail, mend };
};

/** A page of another origin may read no header of its own accord; this one it needs. */
const readable = (headers: ResponseHeaders): ResponseHeaders =>
  headers.some(([name]) => name === "Retry-After") ? [["Access-Control-Expose-Headers", "Retry-After"]] : [];

/** A problem as an HTTP answer. */
export const problemAnswer = (
  code: ErrorCode,
  detail: string,
  headers: ResponseHeaders = [],
  more: MoreOfProblem = {},
): Answer => {
  const entry: ErrorEntry = errors[code];
  const retry: ResponseHeaders = entry.retryAfter === undefined ? [] : [["Retry-After", String(entry.retryAfter)]];
  const challenge: ResponseHeaders = entry.status === 401 ? [["WWW-Authenticate", "Bearer"]] : [];
  const own: ResponseHeaders = [...retry, ...challenge, ...headers];
  return {
    status: entry.status,
    headers: [["Content-Type", problemType], ["Cache-Control", "no-store"], ...own, ...readable(own)],
    body: `${JSON.stringify({ ...problemOf(code, detail), ...more })}\n`,
  };
};
