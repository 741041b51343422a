import { expect, test } from "vitest";
import { LeanSet } from "./lean-set.ts";

test("holds each item once, in the order in which they came, and can be used again when it was empty", () => {
  const set = new LeanSet<string>();
  expect([set.size, set.has("a"), set.delete("a"), [...set]]).toEqual([0, false, false, []]);
  for (const item of ["b", "a", "b"]) set.add(item);
  expect([set.size, set.has("a"), [...set]]).toEqual([2, true, ["b", "a"]]);
  expect([set.delete("b"), set.delete("b"), set.delete("a"), set.size]).toEqual([true, false, true, 0]);
  set.add("c");
  expect([...set]).toEqual(["c"]);
});

test("an item may go while all are visited, and the last one too", () => {
  const set = new LeanSet<number>();
  for (const item of [1, 2, 3]) set.add(item);
  const visited: number[] = [];
  for (const item of set) {
    visited.push(item);
    set.delete(item);
  }
  expect([visited, set.size]).toEqual([[1, 2, 3], 0]);
});
