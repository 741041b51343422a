import { expect, test } from "vitest";
import { effectiveLimit, openFileLimit } from "./effective-limits.ts";

test.each([
  [100_000, 20_000, 19_000, "open files"],
  [100, 20_000, 100, "max_connections"],
  [100_000, 1_024, 960, "open files"],
  [100_000, 10, 1, "open files"],
  [100_000, undefined, 100_000, "max_connections"],
] as const)("%i streams asked for with %s open files", (configured, openFiles, maxConnections, by) => {
  expect(effectiveLimit(configured, openFiles)).toEqual({ maxConnections, by });
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
