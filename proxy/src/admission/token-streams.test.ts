import { expect, test } from "vitest";
import { TokenStreams } from "./token-streams.ts";

test("a token has so many streams at once, and a closed one makes room, once", () => {
  const streams = new TokenStreams(() => 2);
  const first = streams.take("a");
  expect([streams.take("a"), streams.take("b")]).not.toContain(undefined);
  expect(streams.take("a")).toBeUndefined();
  first?.();
  first?.();
  expect(streams.take("a")).toBeDefined();
  expect(streams.take("a")).toBeUndefined();
});

test("0 is no limit, and those streams count when there is one", () => {
  let limit = 0;
  const streams = new TokenStreams(() => limit);
  for (let count = 0; count < 5; count += 1) expect(streams.take("a")).toBeDefined();
  limit = 5;
  expect(streams.take("a")).toBeUndefined();
});
