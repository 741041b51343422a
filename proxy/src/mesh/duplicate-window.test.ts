import { expect, test } from "vitest";
import { createDuplicateWindow } from "./duplicate-window.ts";

test("an id is known within the window, counted from its first storing, and not after it", () => {
  const window = createDuplicateWindow<number>(1_000);
  window.remember("a", 7, 0);
  expect([window.find("a", 0), window.find("a", 999), window.find("b", 999), window.find("a", 1_000)]).toEqual([
    7,
    7,
    undefined,
    undefined,
  ]);
});

test("the oldest ids go first when there are too many", () => {
  const window = createDuplicateWindow<number>(1_000, 2);
  for (const [index, id] of ["a", "b", "c"].entries()) window.remember(id, index, index);
  expect(["a", "b", "c"].map((id) => window.find(id, 3))).toEqual([undefined, 1, 2]);
});
