import { expect, test } from "vitest";
import { addedMemory, memoryWithoutFiles, residentMemory } from "./memory-use.ts";

const status = "VmRSS:\t   90000 kB\nRssAnon:\t   30000 kB\nRssFile:\t   59000 kB\nRssShmem:\t    1000 kB\n";

test.each([
  ["what belongs to no file", status, 31_000 * 1_024],
  ["a kernel that does not tell", "VmRSS:\t   90000 kB\n", undefined],
])("%s", (_, text, expected) => {
  expect(memoryWithoutFiles(text)).toBe(expected);
});

test("a process adds less than is resident, by the pages of its program", () => {
  expect(addedMemory()).toBeGreaterThan(0);
  expect(addedMemory()).toBeLessThan(residentMemory());
});
