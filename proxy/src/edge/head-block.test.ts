import { expect, test } from "vitest";
import type { ResponseHeaders } from "../http/answer.ts";
import { HeadBlocks } from "./head-block.ts";

const headers: ResponseHeaders = [
  ["Content-Type", "text/plain"],
  ["Allow", "GET, HEAD"],
];

test.each<[number, ResponseHeaders, string]>([
  [204, [], "204 No Content"],
  [200, headers, "200 OK\r\nContent-Type: text/plain\r\nAllow: GET, HEAD"],
])("%i with %j", (status, given, block) => {
  expect(new HeadBlocks().of(status, given)).toBe(block);
});

test("the same list with another status is another block", () => {
  const blocks = new HeadBlocks();
  expect([200, 405, 405, 200].map((status) => blocks.of(status, headers).slice(0, 3))).toEqual([
    "200",
    "405",
    "405",
    "200",
  ]);
});
