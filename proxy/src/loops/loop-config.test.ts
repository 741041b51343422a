import { proxyConfig } from "@revenprox/contract/config/proxy-config";
import { expect, test } from "vitest";
import { configOfLoop, loopCount, memoryOfLoop } from "./loop-config.ts";

const config = (http: object, servers: readonly string[] = ["nats://a:4222"]) =>
  proxyConfig.parse({ http, nats: { servers } });

test.each<[string, object, number, number]>([
  ["the default is one", {}, 8, 1],
  ["a number is that many, whatever the machine has", { threadPoolSize: 3 }, 1, 3],
  ["0 is one a core", { threadPoolSize: 0 }, 8, 8],
  ["0 is at most what may be set", { threadPoolSize: 0 }, 200, 64],
])("%s", (_, http, cores, expected) => {
  expect(loopCount(config(http), cores)).toBe(expected);
});

test("without NATS 0 is one", () => {
  expect(loopCount(config({ threadPoolSize: 0 }, []), 8)).toBe(1);
});

test("what is the machine's or the verifier's is divided, and the rest is not", () => {
  const whole = proxyConfig.parse({
    http: { maxConnections: 90, rateLimitPerIp: 10, drainRatePerSec: 500 },
    jwtVerifier: { rateLimitPerSec: 1_000, cacheMaxSize: 10 },
    journal: { maxReplays: 8 },
    limits: { maxMemoryMb: 300, maxCpuPercent: 0, maxNetworkMbps: 1, maxTopics: 7 },
  });
  const one = configOfLoop(whole, 3);
  expect(one).toMatchObject({
    http: { maxConnections: 90, rateLimitPerIp: 10, drainRatePerSec: 167 },
    jwtVerifier: { rateLimitPerSec: 334, cacheMaxSize: 4 },
    journal: { maxReplays: 3 },
    limits: { maxMemoryMb: 68, maxCpuPercent: 0, maxNetworkMbps: 1, maxTopics: 7 },
  });
  expect(proxyConfig.safeParse(one).success).toBe(true);
});

test.each([
  ["a loop that is alone has it all", 1, 300],
  ["what the supervisor needs is not the loops'", 2, 102],
  ["less than that leaves none", 8, 0, 90],
])("memory: %s", (_, loops, expected, whole = 300) => {
  expect(memoryOfLoop(whole * 1_048_576, loops)).toBe(expected * 1_048_576);
});
