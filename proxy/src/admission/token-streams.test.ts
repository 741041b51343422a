import { expect, test } from "vitest";
import { TokenStreams } from "./token-streams.ts";

test("a token has so many streams at once, and a closed one makes room", () => {
  const streams = new TokenStreams({ limit: () => 2 });
  expect([streams.take("a"), streams.take("a"), streams.take("b")]).toEqual([true, true, true]);
  expect(streams.take("a")).toBe(false);
  streams.release("a");
  expect([streams.take("a"), streams.take("a")]).toEqual([true, false]);
});

test("0 is no limit, and those streams count when there is one", () => {
  let limit = 0;
  const streams = new TokenStreams({ limit: () => limit });
  for (let count = 0; count < 5; count += 1) expect(streams.take("a")).toBe(true);
  limit = 5;
  expect(streams.take("a")).toBe(false);
});

test("streams that are open elsewhere count, and changes are told", () => {
  const told: [string, number][] = [];
  let elsewhere = 1;
  const streams = new TokenStreams({
    limit: () => 2,
    elsewhere: () => elsewhere,
    onChange: (token, open) => told.push([token, open]),
  });
  expect([streams.take("a"), streams.take("a")]).toEqual([true, false]);
  elsewhere = 0;
  expect([streams.take("a"), [...streams.all()]]).toEqual([true, [["a", 2]]]);
  streams.release("a");
  streams.release("a");
  expect(told).toEqual([
    ["a", 1],
    ["a", 2],
    ["a", 1],
    ["a", 0],
  ]);
});
