import type { ApplyOutcome } from "./ports.ts";

/** When to look at a resource again without an event: never, in a while, or soon with growing pauses. */
export type Outcome =
  | { readonly kind: "done" }
  | { readonly kind: "retry-after"; readonly seconds: number }
  | { readonly kind: "failed"; readonly message: string };

/** The numbers of streams and topics are at most this old, and a deleted Secret is noticed as late. */
export const SETTLED_SECONDS = 60;
/** While something waits on others: a foreign object, an edit, pods that do not get ready. */
export const WAITING_SECONDS = 20;

/** The watch brings the resource that was just written before that. */
export const HANDED_OVER_SECONDS = 5;

/** `outcome`, due again after the fewest of these seconds, too. */
export const soonest = (outcome: Outcome, due: readonly (number | undefined)[]): Outcome => {
  const own = outcome.kind === "retry-after" ? [outcome.seconds] : [];
  const seconds = Math.min(...own, ...due.flatMap((each) => each ?? []));
  return outcome.kind === "failed" || !Number.isFinite(seconds) ? outcome : { kind: "retry-after", seconds };
};

/** When to pass again over a resource whose objects fared like this. */
export const outcomeOf = (outcomes: readonly ApplyOutcome[]): Outcome => {
  const failed = outcomes.filter((outcome) => outcome.kind === "failed");
  if (failed.length > 0) {
    return {
      kind: "failed",
      message: failed.map(({ ref, message }) => `${ref.kind} ${ref.name}: ${message}`).join("; "),
    };
  }
  const waiting = outcomes.some(({ kind }) => ["name-conflict", "conflict", "refused"].includes(kind));
  return { kind: "retry-after", seconds: waiting ? WAITING_SECONDS : SETTLED_SECONDS };
};
