import { expect, test } from "vitest";
import { externalWithCredentials } from "../testing/alternatives.ts";
import { inputOf } from "../testing/resource.ts";
import { desired } from "./index.ts";

const budgets = (spec: unknown): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    desired(inputOf(spec))
      .filter(({ kind }) => kind === "PodDisruptionBudget")
      .map(({ metadata, spec: budget }) => {
        const { minAvailable, maxUnavailable } = budget as Record<string, unknown>;
        return [metadata.name, minAvailable === undefined ? { maxUnavailable } : { minAvailable }];
      }),
  );

const tenth = { maxUnavailable: "10%" };

test.each([
  ["{}", {}, { web: tenth }],
  ["one proxy", { replicas: 1 }, { web: tenth }],
  ["three NATS servers", { nats: { managed: { replicas: 3 } } }, { web: tenth, "web-nats": { maxUnavailable: 1 } }],
  ["an external NATS", externalWithCredentials, { web: tenth }],
  ["a number", { podDisruptionBudget: { maxUnavailable: 2 } }, { web: { maxUnavailable: 2 } }],
  ["what must stay", { podDisruptionBudget: { minAvailable: "80%" } }, { web: { minAvailable: "80%" } }],
  ["none", { podDisruptionBudget: { enabled: false }, nats: { managed: { replicas: 3 } } }, {}],
])("budgets of %s", (_, spec, expected) => expect(budgets(spec)).toEqual(expected));
