import { expect, test } from "vitest";
import { formatTraceParent, parseTraceParent } from "./trace-context.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";

test.each([
  [`00-${traceId}-${spanId}-01`, true],
  [`00-${traceId}-${spanId}-00`, false],
  [`00-${traceId}-${spanId}-03`, true],
  [`01-${traceId}-${spanId}-01`, true],
  [`cc-${traceId}-${spanId}-01-what-the-future-will-be-like`, true],
])("%s is taken; sampled: %s", (text, sampled) => {
  expect(parseTraceParent(text)).toEqual({ traceId, spanId, sampled });
});

test.each([
  undefined,
  "",
  `ff-${traceId}-${spanId}-01`,
  `00-${"0".repeat(32)}-${spanId}-01`,
  `00-${traceId}-${"0".repeat(16)}-01`,
  `00-${traceId.toUpperCase()}-${spanId}-01`,
  `00-${traceId}-${spanId}-1`,
  `00-${traceId}-${spanId}-01-more`,
  `00-${traceId}-${spanId}-01.`,
  `00-${traceId}${spanId}-01`,
])("%j is ignored", (text) => {
  expect(parseTraceParent(text)).toBeUndefined();
});

test("what is written is read again", () => {
  const parent = { traceId, spanId, sampled: true };
  expect(formatTraceParent(parent)).toBe(`00-${traceId}-${spanId}-01`);
  expect(parseTraceParent(formatTraceParent(parent))).toEqual(parent);
});
