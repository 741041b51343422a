import type { ApplyOutcome } from "../reconcile/ports.ts";
import { missingSecret } from "./missing-secret.ts";
import type { Progress } from "./progress.ts";
import type { Situation } from "./situation.ts";
import { isFalse, isTrue, type Trouble, type Verdict } from "./verdict.ts";

/** What the other verdicts say that Ready sums up. */
export interface ReadyFacts {
  readonly edit: Trouble | undefined;
  readonly nats: Verdict;
  readonly progress: Progress;
}

const failedWrite = (outcomes: readonly ApplyOutcome[]): Trouble | undefined => {
  const failed = outcomes.find((outcome) => outcome.kind === "failed");
  if (failed === undefined) return undefined;
  const object = `${failed.ref.kind} ${failed.ref.name}`;
  return { reason: "ApplyFailed", message: `${object} could not be written and is tried again: ${failed.message}` };
};

/** NATS first: proxies are not ready without it. An own trouble of the proxies says more than NATS just starting. */
const rootCause = (situation: Situation, { edit, nats }: ReadyFacts): Trouble | undefined =>
  edit ??
  failedWrite(situation.input.apply) ??
  missingSecret(situation.input) ??
  situation.natsTrouble ??
  situation.proxyTrouble ??
  (nats.status === "False" ? { reason: `Nats${nats.reason}`, message: nats.message } : undefined);

/** Whether everything is as the spec asks, and works. */
export const ready = (situation: Situation, facts: ReadyFacts): Verdict => {
  const { waitingFor } = facts.progress;
  if (waitingFor === undefined && facts.edit === undefined) {
    return isTrue("Ready", "The proxies and their NATS are as the spec asks.");
  }
  const cause = rootCause(situation, facts);
  if (cause !== undefined) return isFalse(cause.reason, cause.message);
  return isFalse("Progressing", waitingFor ?? "");
};
