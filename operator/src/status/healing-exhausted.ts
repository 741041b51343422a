import type { Ailment, Cause } from "../healing/ailments.ts";
import type { Restraint } from "../healing/decide.ts";
import type { Situation } from "./situation.ts";
import { isFalse, isTrue, type Verdict } from "./verdict.ts";

const lost: Readonly<Record<Cause, string>> = { NatsLost: "NATS", BreakerOpen: "the token verifier" };

const named = (ailments: readonly Ailment[]): string =>
  ailments
    .map(({ pod, cause }) => `${pod} (${lost[cause]})`)
    .toSorted()
    .join(", ");

const restraints: Readonly<Record<Restraint, string>> = {
  Disabled: "spec.healing.enabled is false, so it is left to you.",
  MostAffected: "So many are affected that new pods would fare no better: look at what they cannot reach.",
  PodsChange: "Replaced is one at a time, when no other pod comes or goes.",
};

/** Whether a proxy is cut off, alone, and may not be replaced any more. */
export const healingExhausted = ({ input }: Situation): Verdict => {
  const { healing } = input;
  if (healing === undefined) return isFalse("NotNeeded", "No proxy waits for a replacement.");
  const { decision, maxPerHour } = healing;
  switch (decision.kind) {
    case "none":
      return isFalse("NotNeeded", "No proxy waits for a replacement.");
    case "replace":
      return isFalse("Replacing", `Proxies that cannot reach what their peers reach: ${named([decision.ailment])}.`);
    case "restrained":
      return isFalse(decision.by, `Proxies that are cut off: ${named(decision.due)}. ${restraints[decision.by]}`);
    case "exhausted":
      return isTrue(
        "BudgetUsedUp",
        `Proxies that cannot reach what their peers reach: ${named(decision.due)}. ${maxPerHour} were replaced within the hour (status.healing), and that has not helped: look at the nodes and policies between them and what they cannot reach. The next is replaced when the hour is over, or when spec.healing.maxReplacementsPerHour is raised.`,
      );
  }
};
