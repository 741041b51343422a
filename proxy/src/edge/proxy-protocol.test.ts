import fc from "fast-check";
import { expect, test } from "vitest";
import { beginsWithSignature, readProxyHeader } from "./proxy-protocol.ts";

const header = (versionAndCommand: string, family: string, rest: string): Buffer =>
  Buffer.from(
    `0d0a0d0a000d0a515549540a${versionAndCommand}${family}${(rest.length / 2).toString(16).padStart(4, "0")}${rest}`,
    "hex",
  );

const v4 = "010203040a00000112340050";
const v6 = `20010db8000000000000000000000001${"00".repeat(16)}12340050`;

test.each([
  ["TCP over IPv4", header("21", "11", v4), "1.2.3.4"],
  ["UDP over IPv4", header("21", "12", v4), "1.2.3.4"],
  ["TCP over IPv6", header("21", "21", v6), "2001:db8:0:0:0:0:0:1"],
  ["extensions behind the addresses", header("21", "11", `${v4}030004aabbccdd`), "1.2.3.4"],
  ["the proxy for itself", header("20", "11", v4), undefined],
  ["no family", header("21", "00", ""), undefined],
  ["a Unix socket", header("21", "31", "00".repeat(216)), undefined],
  ["too few bytes for its family", header("21", "11", "01020304"), undefined],
])("%s", (_, bytes, client) => {
  expect(readProxyHeader(Buffer.concat([bytes, Buffer.from("GET / ")]))).toEqual({
    kind: "whole",
    length: bytes.length,
    client,
  });
});

test.each([
  ["version 1", header("11", "11", v4)],
  ["an unknown command", header("22", "11", v4)],
  ["a length that nobody needs", header("21", "11", "00".repeat(5_000))],
])("%s is broken", (_, bytes) => {
  expect(readProxyHeader(bytes)).toEqual({ kind: "broken" });
});

test("however little has come, it is never taken for something else", () => {
  const whole = header("21", "21", v6);
  for (let length = 0; length < whole.length; length += 1)
    expect(readProxyHeader(whole.subarray(0, length))).toEqual({ kind: "incomplete" });
});

test("HTTP is left alone, and no bytes make it fail", () => {
  expect(readProxyHeader(Buffer.from("GET / HTTP/1.1\r\n"))).toEqual({ kind: "absent" });
  expect(readProxyHeader(Buffer.from("\r\n\r\nGET"))).toEqual({ kind: "absent" });
  expect([beginsWithSignature(header("21", "11", v4)), beginsWithSignature(Buffer.from("\r\n"))]).toEqual([
    true,
    false,
  ]);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      readProxyHeader(Buffer.concat([header("21", "11", v4).subarray(0, 14), bytes]));
    }),
  );
});
