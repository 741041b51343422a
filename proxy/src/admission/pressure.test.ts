import { expect, test } from "vitest";
import { limitsText, pressedResources, pressureText, type Resource, type Usage } from "./pressure.ts";
import { growthMeter, movingMean } from "./usage-meter.ts";

const limits = { memory: 1_000, cpu: 100, network: undefined, fileDescriptors: undefined };
const usage = (changes: Partial<Usage>): Usage => ({
  memory: 0,
  cpu: 0,
  network: 1e9,
  fileDescriptors: undefined,
  ...changes,
});

test.each<[string, Resource[], Partial<Usage>, Resource[]]>([
  ["below", [], { memory: 999 }, []],
  ["at the limit", [], { memory: 1_000 }, []],
  ["above", [], { memory: 1_001 }, ["memory"]],
  ["still above 95 %", ["memory"], { memory: 950 }, ["memory"]],
  ["below 95 %", ["memory"], { memory: 949 }, []],
  ["between, from below", [], { memory: 970 }, []],
  ["two at once", ["memory"], { memory: 960, cpu: 101 }, ["memory", "cpu"]],
  ["not known", ["memory"], { memory: undefined }, []],
])("%s", (_, before, changes, expected) => {
  expect([...pressedResources(new Set(before), usage(changes), limits)]).toEqual(expected);
});

test("the words name the key to change", () => {
  const mebibyte = 1_048_576;
  const some = { ...limits, memory: 850 * mebibyte };
  expect(pressureText("memory", usage({ memory: 900 * mebibyte }), some)).toBe(
    "900 MiB of resident memory used, limit 850 MiB of resident memory (limits.max_memory_mb)",
  );
  expect(limitsText(some)).toBe("850 MiB of resident memory, 100 % of a core");
});

test("growth is told per second, and zero when no time has passed", () => {
  let [now, count] = [0, 0];
  const meter = growthMeter(
    () => count,
    () => now,
  );
  [now, count] = [500, 100];
  expect(meter()).toBe(200);
  count = 200;
  expect(meter()).toBe(0);
});

test("a mean forgets what is old", () => {
  const mean = movingMean(2);
  expect([mean(4), mean(8), mean(0)]).toEqual([4, 6, 4]);
});
