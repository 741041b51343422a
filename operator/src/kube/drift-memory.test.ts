import { expect, test } from "vitest";
import { createDriftMemory } from "./drift-memory.ts";

const minute = 60_000;
const lost = { fields: [".spec.replicas"], manager: "kubectl" };

test.each([
  ["nothing was put back before", [], undefined],
  ["once before", [0], undefined],
  ["twice in ten minutes", [0, 4 * minute], "kubectl"],
  ["twice, but the first is long ago", [-minute, 4 * minute], undefined],
])("%s", (_, times, rival) => {
  const memory = createDriftMemory();
  for (const at of times) memory.corrected("a", lost, at);
  expect(memory.rival("a", lost.fields, 9.5 * minute)).toBe(rival);
});

test("other fields and other objects do not count", () => {
  const memory = createDriftMemory();
  memory.corrected("a", lost, 0);
  memory.corrected("a", { fields: [".spec.paused"], manager: "kubectl" }, 1);
  memory.corrected("b", lost, 2);
  expect(memory.rival("a", lost.fields, 3)).toBeUndefined();
});

test("what came back by itself is remembered by its value, beside what did so before", () => {
  const memory = createDriftMemory();
  memory.inert("a", [".dnsPolicy default"]);
  memory.inert("a", [".schedulerName default"]);
  expect([".dnsPolicy default", ".schedulerName default"].every((mark) => memory.isInert("a", mark))).toBe(true);
  expect(memory.isInert("a", ".dnsPolicy other")).toBe(false);
  expect(memory.isInert("b", ".dnsPolicy default")).toBe(false);
});

test("the wish that an object was brought to last is remembered", () => {
  const memory = createDriftMemory();
  memory.fulfilled("a", "former");
  memory.fulfilled("a", "present");
  const asked = [
    ["a", "present"],
    ["a", "former"],
    ["b", "present"],
  ] as const;
  expect(asked.map(([key, hash]) => memory.hadFulfilled(key, hash))).toEqual([true, false, false]);
});
