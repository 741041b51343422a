import { expect, test } from "vitest";
import { createMetrics } from "../src/telemetry/metrics.ts";
import { checkMetrics } from "./rules/promtool.ts";

const queue = { depth: () => 2, longestRunningSeconds: () => 3 };

const readings = {
  queues: { reconcile: queue, status: queue },
  lastEventAgeSeconds: () => 1,
  resources: () => 1,
  cachedObjects: () => 6,
  leads: () => true,
  missingFields: () => undefined,
};

test("promtool has no objection to the operator's own metrics", async () => {
  const metrics = createMetrics(readings, "1.2.3");
  metrics.reconciled("done", 0.1);
  const { body } = await metrics.scrape();
  const { stdout, stderr } = await checkMetrics(body);
  const own = `${stdout}${stderr}`.split("\n").filter((line) => line.startsWith("revenprox_"));
  expect(own).toEqual([]);
});

test("a kind that is watched has its number of restarts from the start, so that the first is an increase", async () => {
  const metrics = createMetrics(readings, "1.2.3");
  metrics.listed("Secret");
  expect((await metrics.scrape()).body).toContain('revenprox_operator_watch_restarts_total{kind="Secret"} 0');
  metrics.watchInterrupted("Secret");
  expect((await metrics.scrape()).body).toContain('revenprox_operator_watch_restarts_total{kind="Secret"} 1');
});
