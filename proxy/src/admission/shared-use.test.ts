import { expect, test } from "vitest";
import { ManualClock } from "../hub/testing/manual-clock.ts";
import { RateLimiter } from "./rate-limiter.ts";
import { type Admitted, SharedUse } from "./shared-use.ts";

const harness = () => {
  const clock = new ManualClock();
  const told: Admitted[] = [];
  return { clock, told, use: new SharedUse({ loop: 1, clock, tell: (admitted) => told.push(admitted) }) };
};

const nothing: Admitted = { loop: 2, streams: 0, clients: [], publishers: [], tokens: [] };

test("what is admitted within 10 ms is told in one message", async () => {
  const { clock, told, use } = harness();
  use.streamsChanged(1);
  use.streamsChanged(1);
  use.streamsChanged(-1);
  use.clientTaken("a");
  use.clientTaken("a");
  use.publisherTaken("k");
  use.tokenChanged("t", 1);
  use.tokenChanged("t", 2);
  await clock.advance(10);
  await clock.advance(100);
  expect(told).toEqual([{ loop: 1, streams: 1, clients: ["a", "a"], publishers: ["k"], tokens: [["t", 2]] }]);
});

test("the others' streams count until they close, or their loop is gone", async () => {
  const { clock, told, use } = harness();
  use.heard({ ...nothing, streams: 5, tokens: [["t", 2]] });
  use.heard({ ...nothing, loop: 3, streams: 1, tokens: [["t", 1]] });
  expect([use.streamsElsewhere, use.ofToken("t")]).toEqual([6, 3]);
  use.heard({ ...nothing, streams: 4, tokens: [["t", 0]] });
  expect([use.streamsElsewhere, use.ofToken("t")]).toEqual([5, 1]);
  use.gone(3);
  expect([use.streamsElsewhere, use.ofToken("t")]).toEqual([4, 0]);
  // The loop that comes in its place knows nothing yet.
  use.tellAgain([["t", 7]]);
  await clock.advance(10);
  expect(told).toEqual([{ loop: 1, streams: 0, clients: [], publishers: [], tokens: [["t", 7]] }]);
});

test("requests that another loop took count for the rate", () => {
  const taken: string[] = [];
  const limiter = new RateLimiter({
    now: () => 0,
    remembered: 10,
    rate: () => ({ limit: 3, windowMs: 3_000 }),
    onTaken: (client) => taken.push(client),
  });
  limiter.takenElsewhere("a");
  limiter.takenElsewhere("a");
  expect([limiter.take("a"), limiter.take("a"), limiter.take("b")]).toEqual([undefined, 1_000, undefined]);
  expect(taken).toEqual(["a", "b"]);
});
