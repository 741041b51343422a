import { proxyConfig } from "@revenprox/contract/config/proxy-config";
import { expect, test } from "vitest";
import type { EffectiveLimits } from "./admission/effective-limits.ts";
import { hubSettings } from "./compose-hub-settings.ts";

const limits = (maxConnections: number): EffectiveLimits => ({
  maxConnections,
  by: "max_connections",
  maxTopics: undefined,
  memory: 1,
  cpu: undefined,
  network: undefined,
  fileDescriptors: undefined,
});

test("the settings are made once, and anew when the configuration or the limits change", () => {
  let [config, inForce] = [proxyConfig.parse({}), limits(10)];
  const settings = hubSettings(
    () => config,
    () => inForce,
  );
  const first = settings();
  expect(settings()).toBe(first);
  expect([first.maxConnections, first.retryMs]).toEqual([10, config.http.retryMs]);
  inForce = limits(20);
  expect(settings().maxConnections).toBe(20);
  config = proxyConfig.parse({ http: { retryMs: 7_000, maxConnectionAgeSec: 0 }, journal: { maxResumeEvents: 0 } });
  expect(settings()).toMatchObject({ retryMs: 7_000, maxAgeSec: undefined });
  expect(settings().resumeLimits?.maxEvents).toBe(Number.POSITIVE_INFINITY);
});
