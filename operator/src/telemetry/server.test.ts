import { runbooks } from "@revenprox/contract/alerts/runbooks";
import { operatorMetricName, operatorMetrics } from "@revenprox/contract/operator-metrics";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createMetrics } from "./metrics.ts";
import { createTelemetryServer, listen } from "./server.ts";

const queue = { depth: () => 2, longestRunningSeconds: () => 3 };
const metrics = createMetrics(
  {
    queues: { reconcile: queue, status: queue },
    lastEventAgeSeconds: () => 4,
    resources: () => 5,
    cachedObjects: () => 6,
    leads: () => true,
    missingFields: () => 0,
  },
  "1.2.3",
);
const server = createTelemetryServer({ live: () => undefined, ready: () => "no watch yet", metrics, runbooks });
let origin: string;
beforeEach(async () => {
  origin = `http://127.0.0.1:${await listen(server, 0)}`;
});
afterEach(() => new Promise<void>((resolve) => server.close(() => resolve())));

test.each([
  ["/livez", 200, /^ok$/m],
  ["/readyz", 503, /no watch yet/],
  ["/metrics", 200, /revenprox_operator_workqueue_depth\{name="status"\} 2/],
  ["/runbooks/RevenProxMemoryHigh", 200, /^# RevenProxMemoryHigh/],
  ["/runbooks/RevenProxMemoryHigh.md?x=1", 200, /^# RevenProxMemoryHigh/],
  ["/runbooks/constructor", 404, /runbooks/],
  ["/runbooks/", 404, /runbooks/],
  ["/", 404, /livez/],
])("GET %s is %d", async (path, status, text) => {
  const response = await fetch(`${origin}${path}`);
  expect(response.status).toBe(status);
  expect(await response.text()).toMatch(text);
});

test("only GET", async () => {
  const response = await fetch(`${origin}/runbooks/RevenProxMemoryHigh`, { method: "POST" });
  expect(response.status).toBe(405);
});

test("the operator's scrape is the catalogue, both ways", async () => {
  const { body } = await metrics.scrape();
  const own = [...body.matchAll(/^# TYPE (revenprox_operator_\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]);
  const catalogue = Object.entries(operatorMetrics).map(([name, type]) => [
    operatorMetricName(name as keyof typeof operatorMetrics),
    type,
  ]);
  expect(own.toSorted()).toEqual(catalogue.toSorted());
});
