import { limitsSection } from "@revenprox/contract/config/limits";
import { expect, test } from "vitest";
import { effectiveLimits, openFileLimit } from "./effective-limits.ts";

const mebibyte = 1_048_576;
const system = { openFiles: 20_000, memory: 1_000 * mebibyte };
const limits = (changes = {}) => ({ ...limitsSection.parse({}), ...changes });

test.each([
  [100_000, 20_000, 19_000, "open files"],
  [100, 20_000, 100, "max_connections"],
  [100_000, 1_024, 960, "open files"],
  [100_000, 10, 1, "open files"],
  [100_000, undefined, 100_000, "max_connections"],
] as const)("%i streams asked for with %s open files", (configured, openFiles, maxConnections, by) => {
  expect(effectiveLimits(configured, limits(), { ...system, openFiles })).toMatchObject({ maxConnections, by });
});

test.each([
  ["nothing set", {}, { memory: 900 * mebibyte, cpu: undefined, network: undefined, fileDescriptors: 19_500 }],
  ["memory below the system's", { maxMemoryMb: 100 }, { memory: 100 * mebibyte }],
  ["memory above the system's", { maxMemoryMb: 8_192 }, { memory: 900 * mebibyte }],
  ["fewer descriptors", { maxFileDescriptors: 1_000 }, { maxConnections: 936, fileDescriptors: 968 }],
  ["more descriptors than there are", { maxFileDescriptors: 1_000_000 }, { maxConnections: 19_000 }],
  ["the others", { maxCpuPercent: 80, maxNetworkMbps: 5, maxTopics: 7 }, { cpu: 80, network: 5, maxTopics: 7 }],
])("%s", (_, changes, expected) => {
  expect(effectiveLimits(100_000, limits(changes), system)).toMatchObject(expected);
});

test.each([
  [
    "Limit   Soft Limit  Hard Limit  Units\nMax open files            1024                 524288               files\n",
    1_024,
  ],
  ["Max open files            unlimited            unlimited            files\n", undefined],
  ["", undefined],
])("soft limit in %j", (text, expected) => {
  expect(openFileLimit(text)).toBe(expected);
});
