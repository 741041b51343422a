import type { Engine } from "./engines.ts";

/** What comes back: this answer, or nothing at all before the connection is closed. */
export type Expected = RegExp | "closed";
type Case = readonly [name: string, request: string, expected: Expected | Readonly<Record<Engine, Expected>>];

/** The request line of HTTP/1.1 and its Host. */
export const line = (request: string): string => `${request} HTTP/1.1\r\nHost: 127.0.0.1\r\n`;
export const post = (headers: string, body: string): string => `${line("POST /events/h")}${headers}\r\n${body}`;
const smuggled = `${line("POST /events/smuggled")}Content-Length: 1\r\n\r\nx`;
const malformed = /^HTTP\/1\.1 400 .*\r\nConnection: close\r\n.*"code":"request_malformed"/s;
const badRequest = /^HTTP\/1\.1 400 .*\r\nConnection: close\r\n/s;

export const inputs: readonly Case[] = [
  ["malformed escape", `${line("GET /events/%zz")}\r\n`, /^HTTP\/1\.1 400 .*"code":"topic_invalid"/s],
  ["NUL", `${line("GET /events/a%00b")}\r\n`, /^HTTP\/1\.1 400 .*topic_invalid/s],
  [
    "raw bytes that are not UTF-8",
    `${line("GET /events/\xff\xfe")}\r\n`,
    /^HTTP\/1\.1 400 .*"code":"(topic_invalid|request_malformed)"/s,
  ],
  ["a line break in the topic", `${line("GET /events/a%0d%0ab")}\r\n`, /^HTTP\/1\.1 400 .*topic_invalid/s],
  ["path of 2 kB", `${line(`GET /events/${"y".repeat(2_000)}`)}\r\n`, /^HTTP\/1\.1 400 .*topic_invalid/s],
  ["chunked body", post("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), /^HTTP\/1\.1 202 /],
  [
    "chunked body beyond the limit",
    post("Transfer-Encoding: chunked\r\n", `${`1000\r\n${"z".repeat(4_096)}\r\n`.repeat(80)}0\r\n\r\n`),
    /^HTTP\/1\.1 413 .*event_too_large/s,
  ],
  ["announced too large", post("Content-Length: 99999999\r\n", "abc"), /^HTTP\/1\.1 413 .*event_too_large/s],
  ["not UTF-8", post("Content-Length: 2\r\n", "\xff\xfe"), /^HTTP\/1\.1 400 .*data_not_utf8/s],
  [
    "unknown JSON key",
    post("Content-Type: application/json\r\nContent-Length: 18\r\n", '{"data":"x","i":1}'),
    /^HTTP\/1\.1 400 .*unknown key \\"i\\"/s,
  ],
  [
    "foreign Origin",
    post("Origin: https://evil.example\r\nContent-Length: 1\r\n", "x"),
    /^HTTP\/1\.1 403 .*origin_denied/s,
  ],
  [
    "foreign Host",
    "POST /events/h HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 1\r\n\r\nx",
    /^HTTP\/1\.1 403 .*origin_denied/s,
  ],
  ["unknown method", `${line("BREW /events/h")}\r\n`, /^HTTP\/1\.1 405 .*method_not_allowed/s],
  [
    "method without a use here",
    `${line("DELETE /events/h")}\r\n`,
    /^HTTP\/1\.1 405 .*\r\nAllow: GET, HEAD, POST, OPTIONS\r\n/s,
  ],
  ["unknown path", `${line("GET /nothing")}\r\n`, /^HTTP\/1\.1 404 .*path_unknown/s],
  [
    "preflight",
    `${line("OPTIONS /events/h")}Origin: https://a.example\r\nAccess-Control-Request-Headers: last-event-id\r\n\r\n`,
    /^HTTP\/1\.1 204 .*last-event-id/s,
  ],
  ["no HTTP at all", "\x16\x03\x01\x02\x00\x01\r\n\r\n", /^HTTP\/1\.1 [45]\d\d .*\r\nConnection: close\r\n/s],
  [
    "upgrade that is not taken",
    `${line("GET /health")}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n`,
    /^HTTP\/1\.1 200 /,
  ],
  ["CONNECT", "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n", /^HTTP\/1\.1 (405|505) /],
  [
    "forged Nats headers",
    post("Nats-Msg-Id: a\r\nNats-Expected-Last-Sequence: 9\r\nContent-Length: 1\r\n", "x"),
    /^HTTP\/1\.1 202 /,
  ],
  ["Connection: close", `${line("GET /health")}Connection: close\r\n\r\n`, /^HTTP\/1\.1 200 /],
  ["HTTP/1.0", "GET /health HTTP/1.0\r\n\r\n", { uws: /^HTTP\/1\.1 505 /, node: /^HTTP\/1\.1 200 .*"healthy"/s }],
];

export const heads: readonly Case[] = [
  [
    "request line beyond the limit",
    `${line(`GET /events/${"y".repeat(8_200)}`)}\r\n`,
    /^HTTP\/1\.1 414 .*request_line_too_long/s,
  ],
  [
    "headers beyond the limit",
    `${line("GET /health")}X: ${"y".repeat(8_192)}\r\n\r\n`,
    /^HTTP\/1\.1 431 .*headers_too_large/s,
  ],
  ["header of 200 KiB", `${line("GET /health")}X: ${"y".repeat(200_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
  ["path of 60 kB", `${line(`GET /events/${"y".repeat(60_000)}`)}\r\n`, /^HTTP\/1\.1 431 /],
  ["98 headers", `${line("GET /health")}${"X: y\r\n".repeat(97)}\r\n`, /^HTTP\/1\.1 200 /],
  ["99 headers", `${line("GET /health")}${"X: y\r\n".repeat(98)}\r\n`, /^HTTP\/1\.1 431 /],
  ["10,000 headers", `${line("GET /health")}${"X: y\r\n".repeat(10_000)}\r\n`, /^HTTP\/1\.1 431 /],
  ["no Host", "GET /health HTTP/1.1\r\n\r\n", { uws: "closed", node: malformed }],
  ["NUL in a header", `${line("GET /health")}X: a\0b\r\n\r\n`, { uws: "closed", node: malformed }],
  ["a header without a colon", `${line("GET /health")}nonsense\r\n\r\n`, { uws: "closed", node: malformed }],
  ["a folded header", `${line("GET /health")}X: a\r\n b\r\n\r\n`, { uws: "closed", node: malformed }],
  ["a head that does not end", `${line("GET /health")}X: a`, "closed"],
  ["nothing at all", "", "closed"],
  ["a body that does not end", post("Content-Length: 100\r\n", "abc"), "closed"],
];

/** A second server in front may see other requests in the same bytes: none of them may be carried out. */
export const smuggling: readonly Case[] = [
  ["both lengths", post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", `0\r\n\r\n${smuggled}`), badRequest],
  [
    "both lengths, the other way",
    post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", `0\r\n\r\n${smuggled}`),
    badRequest,
  ],
  ["the same length twice", post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"), badRequest],
  [
    "two lengths, the shorter first",
    post("Content-Length: 3\r\nContent-Length: 999\r\n", `abc${smuggled}`),
    { uws: "closed", node: badRequest },
  ],
  ["two lengths, the longer first", post("Content-Length: 999\r\nContent-Length: 3\r\n", `abc${smuggled}`), badRequest],
  ["a list of lengths", post("Content-Length: 3, 3\r\n", "abc"), badRequest],
  ["a length with a sign", post("Content-Length: +3\r\n", "abc"), badRequest],
  ["a negative length", post("Content-Length: -3\r\n", "abc"), badRequest],
  ["a length that is no number", post("Content-Length: abc\r\n", "abc"), badRequest],
  ["a length beyond all numbers", post("Content-Length: 99999999999999999999999\r\n", "abc"), badRequest],
  [
    "Transfer-Encoding identity",
    post("Transfer-Encoding: identity\r\n", `0\r\n\r\n${smuggled}`),
    { uws: "closed", node: badRequest },
  ],
  ["Transfer-Encoding xchunked", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), badRequest],
  ["Transfer-Encoding gzip, chunked", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), badRequest],
  [
    "Transfer-Encoding twice",
    post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"),
    badRequest,
  ],
  [
    "a space before the colon",
    post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
    { uws: "closed", node: badRequest },
  ],
  [
    "a chunk size that is no number",
    post("Transfer-Encoding: chunked\r\n", `zz\r\nabc\r\n0\r\n\r\n${smuggled}`),
    { uws: badRequest, node: "closed" },
  ],
  [
    "a negative chunk size",
    post("Transfer-Encoding: chunked\r\n", "-1\r\nabc\r\n0\r\n\r\n"),
    { uws: badRequest, node: "closed" },
  ],
  [
    "a chunk size beyond all numbers",
    post("Transfer-Encoding: chunked\r\n", "fffffffffffffffffff\r\nabc\r\n0\r\n\r\n"),
    { uws: badRequest, node: "closed" },
  ],
  ["two Hosts", `${line("GET /health")}Host: evil.example\r\n\r\n`, badRequest],
];
