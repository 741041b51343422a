import { expect, test } from "vitest";
import { isChosen } from "./sampling.ts";

const ids = Array.from({ length: 20_000 }, (_, index) => `1703894400000-${String(index + 1).padStart(3, "0")}`);
const chosen = (ratio: number): number => ids.filter((id) => isChosen(id, ratio)).length;

test("none at 0, all at 1, and about the share between", () => {
  expect([chosen(0), chosen(1)]).toEqual([0, ids.length]);
  expect(chosen(0.1) / ids.length).toBeCloseTo(0.1, 1);
  expect(chosen(0.5) / ids.length).toBeCloseTo(0.5, 1);
});
