import { expect, test } from "vitest";
import { backOffMs } from "./back-off.ts";

test.each([
  [0, 0],
  [1, 100],
  [2, 200],
  [6, 3_200],
  [7, 5_000],
  [10_000, 5_000],
])("try %d waits %d ms", (attempt, ms) => {
  expect(backOffMs(attempt)).toBe(ms);
});
