import { z } from "zod";
import { withRules } from "./structural.ts";

/** A number of pods, or a share of them such as `25%`. The API server shows no bounds for it, so CEL has them. */
const podCount = (rule: string, message: string) =>
  withRules(
    z.union([z.int().min(0).max(1_000), z.string().max(4)]).meta({ "x-kubernetes-int-or-string": true, maxLength: 4 }),
    [{ rule: `type(self) == int ? ${rule}`, message }],
  );

const someMayGo = "must be a number of pods from 1 on or a share such as 10%: with none no node could be drained";
const notAll = "must be a number of pods or a share below 100% such as 80%: with all of them no node could be drained";

/** `spec.podDisruptionBudget`: how many proxies a drain of nodes may take at once. */
export const podDisruptionBudget = withRules(
  z.strictObject({
    enabled: z
      .boolean()
      .optional()
      .describe(
        "Whether there are PodDisruptionBudgets, for the proxies and for managed NATS of three. Default: true.",
      ),
    maxUnavailable: podCount("self >= 1 && self <= 1000 : self.matches('^([1-9][0-9]?|100)%$')", someMayGo)
      .optional()
      .describe("Proxies that may be down at once, as a number or a share that is rounded up. Default: 10%."),
    minAvailable: podCount("self >= 0 && self <= 1000 : self.matches('^[1-9]?[0-9]%$')", notAll)
      .optional()
      .describe(
        "Proxies that must stay, as a number or a share that is rounded up, instead of maxUnavailable. As many as there are: no node can be drained.",
      ),
  }),
  [
    {
      rule: "!(has(self.minAvailable) && has(self.maxUnavailable))",
      message: "give podDisruptionBudget.minAvailable or maxUnavailable, not both",
    },
  ],
);
