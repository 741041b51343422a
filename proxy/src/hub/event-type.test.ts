import { expect, test } from "vitest";
import { clampRetry, parseEventType } from "./event-type.ts";

test.each(["note", "price.update", "größe", "revenproxy", " revenprox.gap", "x".repeat(256)])(
  "%s is a type",
  (type) => {
    expect(parseEventType(type)).toEqual({ kind: "type", type });
  },
);

test("an empty type is the default one", () => {
  expect(parseEventType("")).toEqual({ kind: "default" });
});

test.each([
  ["a\nb", "line-end"],
  ["a\r", "line-end"],
  ["a\0b", "line-end"],
  ["revenprox.gap", "reserved"],
  ["revenprox.", "reserved"],
  ["x".repeat(257), "too-long"],
  ["ü".repeat(129), "too-long"],
  ["\udc00", "not-utf8"],
])("%j is refused: %s", (type, reason) => {
  expect(parseEventType(type)).toEqual({ kind: "refused", reason });
});

test.each([
  [0, 1_000],
  [999, 1_000],
  [1_000, 1_000],
  [5_000, 5_000],
  [60_001, 60_000],
  [-1, undefined],
  [1.5, undefined],
  [Number.NaN, undefined],
  [Number.POSITIVE_INFINITY, undefined],
])("a retry of %d becomes %d", (asked, told) => {
  expect(clampRetry(asked)).toBe(told);
});
