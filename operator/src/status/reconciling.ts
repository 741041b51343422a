import type { Progress } from "./progress.ts";
import { isFalse, isTrue, type Verdict } from "./verdict.ts";

/** Whether the cluster is on its way to the spec. */
export const reconciling = (stalledVerdict: Verdict, { waitingFor }: Progress): Verdict => {
  if (stalledVerdict.status === "True") return isFalse("Stalled", "See the condition Stalled.");
  if (waitingFor === undefined) return isFalse("UpToDate", "Everything is as the spec asks.");
  return isTrue("Progressing", waitingFor);
};
