import { expect, test } from "vitest";
import { createMetrics } from "../src/telemetry/metrics.ts";
import { checkMetrics } from "./rules/promtool.ts";

test("promtool has no objection to the operator's own metrics", async () => {
  const metrics = createMetrics(
    { queueDepth: () => 1, longestRunningSeconds: () => 1, lastEventAgeSeconds: () => 1, resources: () => 1 },
    "1.2.3",
  );
  metrics.reconciled("done", 0.1);
  const { body } = await metrics.scrape();
  const { stdout, stderr } = await checkMetrics(body);
  const own = `${stdout}${stderr}`.split("\n").filter((line) => line.startsWith("revenprox_"));
  expect(own).toEqual([]);
});
