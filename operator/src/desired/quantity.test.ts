import { expect, test } from "vitest";
import { quantityBytes } from "./quantity.ts";

test.each([
  ["0", 0],
  ["512", 512],
  ["1500m", 1],
  ["1k", 1_000],
  ["1Ki", 1_024],
  ["1.5Gi", 1_610_612_736],
  ["2G", 2_000_000_000],
  ["1Ti", 1_099_511_627_776],
])("%s is %d bytes", (quantity, bytes) => expect(quantityBytes(quantity)).toBe(bytes));

test.each(["", "Gi", "1gi", "-1Gi", "1Gi "])("%j is no quantity", (quantity) =>
  expect(() => quantityBytes(quantity)).toThrow(/is not a quantity/),
);
