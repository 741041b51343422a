import { expect, test } from "vitest";
import type { ResponseHeaders } from "./answer.ts";
import { headersBefore } from "./header-list.ts";

test("the same headers make the same list", () => {
  const all = headersBefore([["A", "1"]]);
  const [some, others]: readonly ResponseHeaders[] = [[["B", "2"]], [["B", "3"]]];
  const first = all(some ?? []);
  expect(first).toEqual([
    ["A", "1"],
    ["B", "2"],
  ]);
  expect(all(some ?? [])).toBe(first);
  expect(all(others ?? [])).toEqual([
    ["A", "1"],
    ["B", "3"],
  ]);
});
