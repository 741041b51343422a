import { expect, test } from "vitest";
import { engineHeadBytes, RequestHead, requestLineBytes } from "./request-head.ts";

const limits = { maxRequestLineSize: 100, maxHeaderSize: 200, maxHeaders: 5 };

const headOf = (...headers: readonly (readonly [string, string])[]): RequestHead => {
  const head = new RequestHead();
  for (const [name, value] of headers) head.add(name, value);
  return head;
};

test.each<[string, readonly (readonly [string, string])[], number, string | undefined]>([
  ["nothing wrong", [["host", "a"]], 100, undefined],
  ["a long request line", [["host", "a"]], 101, "request_line_too_long"],
  ["headers of just the limit", [["x", "y".repeat(195)]], 10, undefined],
  ["headers beyond it", [["x", "y".repeat(196)]], 10, "headers_too_large"],
  ["bytes count, not characters", [["x", "ü".repeat(98)]], 10, "headers_too_large"],
  ["as many headers as allowed", Array.from({ length: 5 }, () => ["x", ""] as const), 10, undefined],
  ["one more", Array.from({ length: 6 }, () => ["x", ""] as const), 10, "headers_too_large"],
  ["a key for repeated publishes", [["idempotency-key", "a"]], 10, undefined],
  ["one of which nothing is left", [["idempotency-key", ""]], 10, "idempotency_key_invalid"],
  ["chunked", [["transfer-encoding", "Chunked"]], 10, undefined],
  ["another encoding", [["transfer-encoding", "gzip, chunked"]], 10, "request_malformed"],
  ["an empty encoding", [["transfer-encoding", ""]], 10, "request_malformed"],
  [
    "two lengths",
    [
      ["content-length", "3"],
      ["content-length", "3"],
    ],
    10,
    "request_malformed",
  ],
  [
    "two hosts",
    [
      ["host", "a"],
      ["host", "b"],
    ],
    10,
    "request_malformed",
  ],
])("%s", (_name, headers, lineBytes, code) => {
  expect(headOf(...headers).fault(lineBytes, limits)?.code).toBe(code);
});

test("the first header of a name counts, those of the way are joined", () => {
  const head = headOf(
    ["origin", ""],
    ["origin", "a"],
    ["origin", "b"],
    ["x-forwarded-for", "1"],
    ["x-forwarded-for", "2, 3"],
  );
  expect([head.header("origin"), head.all("x-forwarded-for"), head.all("forwarded"), head.header("host")]).toEqual([
    "a",
    "1,2, 3",
    undefined,
    undefined,
  ]);
});

test("the engine's own limit leaves room for an answer of ours", () => {
  expect(engineHeadBytes(limits)).toBeGreaterThan(300);
});

test.each([
  ["GET", "/a", "", "GET /a HTTP/1.1\r\n"],
  ["POST", "/ü", "x=1", "POST /ü?x=1 HTTP/1.1\r\n"],
])("bytes of a request line", (method, path, query, line) => {
  expect(requestLineBytes(method, path, query)).toBe(Buffer.byteLength(line));
});
