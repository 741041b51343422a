import { beforeAll, expect, test } from "vitest";
import { type ArgoHealth, startArgoHealth } from "../testing/argo-health.ts";

let health: ArgoHealth;

beforeAll(async () => {
  health = await startArgoHealth();
});

const condition = (type: string, status: string, message = `${type} ${status}`) => ({ type, status, message });
const object = (status: unknown, metadata: object = {}) => ({ metadata: { generation: 2, ...metadata }, status });

test.each<[string, unknown, string, string]>([
  ["no status", object(undefined), "Progressing", "The operator has not looked at it yet"],
  [
    "what the CRD fills in",
    object({ observedGeneration: -1, conditions: [condition("Ready", "Unknown")] }),
    "Progressing",
    "The operator has not looked at it yet",
  ],
  [
    "ready in a former generation",
    object({ observedGeneration: 1, conditions: [condition("Ready", "True")] }),
    "Progressing",
    "The operator has not looked at it yet",
  ],
  ["no conditions", object({ observedGeneration: 2 }), "Progressing", "The operator has not looked at it yet"],
  ["ready", object({ observedGeneration: 2, conditions: [condition("Ready", "True")] }), "Healthy", "Ready True"],
  [
    "on its way",
    object({ observedGeneration: 2, conditions: [condition("Ready", "False"), condition("Reconciling", "True")] }),
    "Progressing",
    "Ready False",
  ],
  [
    "stalled",
    object({
      observedGeneration: 2,
      conditions: [condition("Ready", "False"), condition("Stalled", "True", 'edit "ä"')],
    }),
    "Degraded",
    'edit "ä"',
  ],
  [
    "being deleted",
    object(
      { observedGeneration: 2, conditions: [condition("Ready", "True")] },
      { deletionTimestamp: "2026-11-23T00:00:00Z" },
    ),
    "Progressing",
    "It is being deleted",
  ],
])("Argo CD of %s", (_, subject, status, message) => {
  expect(health(subject)).toEqual({ status, message });
});
