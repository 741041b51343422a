import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, expect, test } from "vitest";
import type { TopicId } from "../src/hub/event.ts";
import { topicsPerCall } from "../src/hub/tail-sweep.ts";
import { HubStage } from "../src/hub/testing/hub-stage.ts";
import { openOn, text, topicOf } from "../src/hub/testing/hub-under-test.ts";

const stage = new HubStage();

afterAll(() => stage.end());

const topics = 100_000;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const heap = (): number => {
  collect();
  return process.memoryUsage().heapUsed;
};

test("a hundred thousand topics: begun at a pace, compared at a pace, and each costs little", {
  timeout: 120_000,
}, async () => {
  const under = stage.start();
  const { clock, journal } = under;
  under.settings.maxConnections = 2 * topics;
  const follow = journal.follow.bind(journal);
  let [beginning, most] = [0, 0];
  journal.follow = async (topicId, onEvent) => {
    beginning += 1;
    most = Math.max(most, beginning);
    await new Promise<void>((go) => clock.endOfTurn(go));
    beginning -= 1;
    return await follow(topicId, onEvent);
  };
  const before = heap();
  const clients = Array.from({ length: topics }, (_, index) => openOn(under, `topic ${index}`));
  await clock.advance(3_000);
  expect(clients.every(({ sink }) => sink.writes.length > 0)).toBe(true);
  expect(under.hub.stats()).toMatchObject({ idle: topics, topics });
  expect(most).toBeLessThanOrEqual(256);
  const each = (heap() - before) / topics;
  // With the stream and this test's client of each; 4.3 kB when it was measured.
  expect(each).toBeLessThan(6_000);

  // One interval later all were compared once more, not in one burst.
  await clock.advance(6_000);
  const tails = journal.tails.bind(journal);
  const calls: { readonly at: number; readonly topics: number }[] = [];
  journal.tails = (topicIds: readonly TopicId[]) => {
    calls.push({ at: clock.now(), topics: topicIds.length });
    return tails(topicIds);
  };
  await clock.advance(5_000);
  const compared = calls.reduce((sum, call) => sum + call.topics, 0);
  expect(compared).toBeGreaterThanOrEqual(topics * 0.9);
  expect(Math.max(...calls.map((call) => call.topics))).toBeLessThanOrEqual(topicsPerCall);
  const gaps = calls.slice(1).map(({ at }, index) => at - (calls[index]?.at ?? 0));
  expect(gaps.toSorted((left, right) => left - right)[Math.floor(gaps.length / 2)]).toBeGreaterThanOrEqual(20);

  journal.store(topicOf("topic 77777").topicId, text("x"));
  await clock.settle();
  expect(clients.filter(({ sink }) => sink.text.includes("data: x"))).toHaveLength(1);
});
