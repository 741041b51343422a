import { afterAll, beforeAll, expect, test } from "vitest";
import { condition, eventTold, isChildWrite, revenprox } from "./support/cluster.ts";
import { type RunningOperator, startOperator } from "./support/operator.ts";
import { untilQuiet } from "./support/quiet.ts";
import { clusterOfFile, operatorOfFile } from "./support/stage.ts";

const cluster = clusterOfFile();
/** As of two releases of the chart: each wants to let in its own pods. */
const environmentOf = (namespace: string) => ({ environment: { POD_NAMESPACE: namespace } });
operatorOfFile(cluster, environmentOf("first"));
let second: RunningOperator;
beforeAll(async () => {
  second = await startOperator(cluster, environmentOf("second"));
});
afterAll(() => second?.stop());

const alone = "let only one of them look after this namespace";

test("two operators of one resource do not overrule each other without end, and it is told", async () => {
  await cluster.kubectlApply(revenprox("shared"));
  await eventTold(cluster, "DriftCorrected", ["another RevenProx operator changed", "NetworkPolicy", alone]);
  await eventTold(cluster, "Conflict", ["another RevenProx operator keeps changing", "NetworkPolicy"]);
  const { reason, message } = await condition(cluster, "shared", ["Stalled", "True"]);
  expect(reason).toBe("Conflict");
  expect(message).toContain(alone);
  await untilQuiet(cluster, "shared");
  const writes = (await cluster.operatorRequests()).filter(isChildWrite);
  const toPolicies = writes.filter(({ objectRef }) => objectRef?.resource === "networkpolicies");
  // Two policies: made, taken for a new wish by each once, and overruled by each three times at most.
  expect(toPolicies.length).toBeLessThanOrEqual(20);
});
