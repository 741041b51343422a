import { expect, test } from "vitest";
import { bodyKindOf, parseBody } from "./published-body.ts";

const encoder = new TextEncoder();
const json = "application/json";

const parse = (body: string, contentType?: string) => {
  const kind = bodyKindOf(contentType);
  if (kind === "batch") throw new Error("a batch has no one event");
  const parsed = parseBody(encoder.encode(body), kind);
  return parsed.kind === "refused"
    ? parsed.code
    : { ...parsed.event, data: new TextDecoder().decode(parsed.event.data) };
};

test.each<[string, string | undefined, unknown]>([
  ["hello", undefined, { data: "hello" }],
  ["", "text/plain", { data: "" }],
  ['{"data":"x"}', "text/plain", { data: '{"data":"x"}' }],
  ['{"data":"x"}', json, { data: "x" }],
  ['{"data":"x"}', "Application/JSON; charset=utf-8", { data: "x" }],
  ['{"data":"","event":"tick","retry":5000}', json, { data: "", type: "tick", retry: 5_000 }],
  ['{"data":"x","retry":1}', json, { data: "x", retry: 1_000 }],
  ['{"data":"x","event":""}', json, { data: "x" }],
  ['{"data":"\\u00e9\\ud83d\\ude00"}', json, { data: "é😀" }],
  ['{"data":"\\ud83d"}', json, "data_not_utf8"],
  ['{"data":1}', json, "event_invalid"],
  ["{}", json, "event_invalid"],
  ["null", json, "event_invalid"],
  ['["data"]', json, "event_invalid"],
  ["{", json, "event_invalid"],
  ["", json, "event_invalid"],
  ['{"data":"x","id":"1"}', json, "event_invalid"],
  ['{"data":"x","__proto__":{}}', json, "event_invalid"],
  ['{"data":"x","event":"a\\nb"}', json, "event_invalid"],
  ['{"data":"x","event":"revenprox.gap"}', json, "event_type_reserved"],
  ['{"data":"x","idempotency_key":"k"}', json, "event_invalid"],
  ['{"data":"x","event":7}', json, "event_invalid"],
  ['{"data":"x","retry":"5"}', json, "event_invalid"],
  ['{"data":"x","retry":-1}', json, "event_invalid"],
])("%s as %s", (body, contentType, expected) => {
  expect(parse(body, contentType)).toEqual(expected);
});

test.each([
  ["application/x-ndjson", "batch"],
  ["Application/X-NDJSON; charset=utf-8", "batch"],
  ["application/json", "json"],
  [" application/json ;charset=utf-8", "json"],
  ["text/plain; of=application/json", "data"],
  [undefined, "data"],
])("%s is %s", (contentType, expected) => {
  expect(bodyKindOf(contentType)).toBe(expected);
});

test("bytes that are not UTF-8 are refused", () => {
  const parsed = parseBody(Uint8Array.of(0x61, 0xff), "data");
  expect(parsed.kind === "refused" && parsed.code).toBe("data_not_utf8");
});
