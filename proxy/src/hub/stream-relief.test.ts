import fc from "fast-check";
import { expect, test } from "vitest";
import type { Backpressure } from "./backpressure.ts";
import { parseEventId } from "./event-id.ts";
import type { HubBounds } from "./hub-bounds.ts";
import { mergeLimits } from "./merge-buffer.ts";
import { pageLimits } from "./shared-pages.ts";
import { blocksOf } from "./testing/delivery-check.ts";
import { hubOnModel, type OpenClient, openOn, text, topicOf } from "./testing/hub-under-test.ts";
import { feedLimits } from "./topic-feed.ts";

const { topicId } = topicOf("t");

/** What a client got, in order: an event by its sequence, or a gap from and to. */
type Told =
  | number
  | { readonly from: number; readonly to: number; readonly recoverable: boolean; readonly reason: string };

const sequenceOf = (id: string): number => {
  const parsed = parseEventId(id);
  return parsed.kind === "cursor" ? parsed.cursor.sequence : Number.NaN;
};

const toldTo = ({ sink }: OpenClient): readonly Told[] =>
  blocksOf(sink.bytes).flatMap(({ id, event, data }): Told[] => {
    if (event === "revenprox.gap") {
      const gap = JSON.parse(data ?? "") as { from: string; to: string; recoverable: boolean; reason: string };
      return [{ ...gap, from: sequenceOf(gap.from), to: sequenceOf(gap.to) }].map(
        ({ from, to, recoverable, reason }) => ({ from, to, recoverable, reason }),
      );
    }
    return id === undefined || data === undefined ? [] : [sequenceOf(id)];
  });

/** A ring of so few frames that a slow stream reads from the journal. */
const tightBounds: HubBounds = {
  ring: { maxFrames: 2, maxBytes: 1_000, pieceBytes: 60 },
  feed: feedLimits,
  merge: mergeLimits,
  ringBudgetBytes: 1_000_000,
  streamsPerTurn: 1,
  pages: pageLimits,
};

const scene = async (backpressure: Backpressure, bounds?: HubBounds) => {
  const model = hubOnModel(bounds);
  model.settings.backpressure = backpressure;
  const slow = openOn(model, "t");
  await model.clock.settle();
  const publish = async (count: number) => {
    for (let n = 0; n < count; n += 1) {
      model.journal.store(topicId, text("x"));
      await model.clock.settle();
    }
  };
  const drain = async () => {
    slow.sink.drained();
    slow.stream.writable();
    await model.clock.settle();
  };
  return { model, slow, publish, drain };
};

const gap = (from: number, to: number) => ({ from, to, recoverable: true, reason: "slow_consumer" });

test("drop_oldest: exactly the newest remain, and the gap says which are gone", async () => {
  const { model, slow, publish, drain } = await scene({ policy: "drop_oldest", maxEvents: 3 });
  slow.sink.patience = 1;
  await publish(10);
  slow.sink.patience = 100;
  await drain();
  expect(toldTo(slow)).toEqual([1, gap(1, 7), 8, 9, 10]);
  expect(model.metrics.drops).toEqual({ expired: 0, slow_consumer: 6 });
  await publish(1);
  expect(toldTo(slow).at(-1)).toBe(11);
});

test("drop_newest: the first ones are kept, and what came after them is gone", async () => {
  const { model, slow, publish, drain } = await scene({ policy: "drop_newest", maxEvents: 3 });
  slow.sink.patience = 1;
  await publish(10);
  slow.sink.patience = 100;
  await drain();
  expect(toldTo(slow)).toEqual([1, 2, 3, 4, gap(4, 10)]);
  expect(model.metrics.drops).toEqual({ expired: 0, slow_consumer: 6 });
  await publish(1);
  expect(toldTo(slow).at(-1)).toBe(11);
});

test("drop_newest goes on dropping until what it keeps is drained", async () => {
  const { slow, publish, drain } = await scene({ policy: "drop_newest", maxEvents: 3 });
  slow.sink.patience = 1;
  await publish(6);
  await drain();
  await publish(6);
  slow.sink.patience = 100;
  await drain();
  expect(toldTo(slow)).toEqual([1, 2, 3, 4, gap(4, 12)]);
});

test("block drops nothing", async () => {
  const { model, slow, publish, drain } = await scene({ policy: "block", maxEvents: 3 });
  slow.sink.patience = 1;
  await publish(10);
  slow.sink.patience = 100;
  await drain();
  expect(toldTo(slow)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(model.metrics.droppedMessages).toBe(0);
});

test("a quick client loses nothing, however many events come in one turn", async () => {
  const { model, slow } = await scene({ policy: "drop_oldest", maxEvents: 1 });
  for (let n = 0; n < 50; n += 1) model.journal.store(topicId, text("x"));
  await model.clock.settle();
  expect(toldTo(slow)).toHaveLength(50);
});

test("a client that resumes far behind loses nothing by it, however slowly it reads", async () => {
  const { model, publish } = await scene({ policy: "drop_oldest", maxEvents: 2 }, tightBounds);
  await publish(20);
  const resumed = openOn(model, "t", "1700000000000-001");
  resumed.sink.patience = 1;
  for (let turn = 0; turn < 40; turn += 1) {
    await publish(turn < 20 ? 1 : 0);
    resumed.sink.drained();
    resumed.stream.writable();
    await model.clock.settle();
  }
  expect(toldTo(resumed)).toEqual(Array.from({ length: 39 }, (_, index) => index + 2));
});

const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant("publish" as const), count: fc.integer({ min: 1, max: 9 }), together: fc.boolean() }),
    fc.record({ do: fc.constant("drain" as const), patience: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ do: fc.constant("wait" as const) }),
  ),
  { maxLength: 60 },
);

/** Gaps of a stream of several topics that stand together are one: each topic has its own. */
const withoutRepeats = (told: readonly Told[]): readonly Told[] =>
  told.filter((item, index) => {
    const before = told[index - 1];
    return typeof item === "number" || typeof before !== "object" || before.from !== item.from || before.to !== item.to;
  });

test.each([
  ["of one topic", "a"],
  ["of several topics", "a+b"],
])(
  "whatever happens, received and told as dropped are all that was published, and the counts agree: a stream %s",
  async (_, names) => {
    const topics = names.split("+").map(topicOf);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<Backpressure["policy"]>("block", "drop_oldest", "drop_newest"),
        fc.integer({ min: 1, max: 8 }),
        steps,
        fc.constantFrom(undefined, tightBounds),
        async (...[policy, maxEvents, list, bounds]) => {
          const model = hubOnModel(bounds);
          model.settings.backpressure = { policy, maxEvents };
          const client = openOn(model, names);
          const { sink, stream } = client;
          await model.clock.settle();
          sink.patience = 1;
          const drain = async () => {
            sink.drained();
            stream.writable();
            await model.clock.settle();
          };
          let published = 0;
          for (const step of list) {
            if (step.do === "publish") {
              for (let n = 0; n < step.count; n += 1) {
                published += 1;
                model.journal.store(topics[published % 3 === 0 ? 0 : topics.length - 1]?.topicId ?? topicId, text("x"));
                if (!step.together) await model.clock.settle();
              }
              await model.clock.settle();
            } else if (step.do === "drain") {
              sink.patience = step.patience;
              await drain();
            } else await model.clock.advance(1_000);
          }
          sink.patience = 1_000;
          await drain();
          await model.clock.advance(30_000);
          const account = accountFor(withoutRepeats(toldTo(client)));
          expect(account.at).toBe(published);
          expect(model.metrics.drops).toEqual({ expired: 0, slow_consumer: account.dropped });
          expect(policy === "block" ? account.dropped : 0).toBe(0);
          expect(sink.overruns).toBe(0);
          expect(model.errors).toEqual([]);
        },
      ),
      { numRuns: 150 },
    );
  },
);

/** Fails at the first hole that was not told, and at the first event that came twice. */
const accountFor = (all: readonly Told[]): { readonly at: number; readonly dropped: number } => {
  let [at, dropped] = [0, 0];
  for (const told of all) {
    if (typeof told === "number") expect(told).toBe(at + 1);
    else {
      expect(told).toEqual(gap(at, told.to));
      dropped += told.to - at;
    }
    at = typeof told === "number" ? told : told.to;
  }
  return { at, dropped };
};

test("streams are ended at their age, give or take a tenth, with a time to come back", async () => {
  const model = hubOnModel();
  model.settings.maxAgeSec = 100;
  const { sink } = openOn(model, "t");
  await model.clock.advance(99_000);
  expect(sink.ended).toBe(false);
  await model.clock.advance(17_000);
  expect(sink.ended).toBe(true);
  expect(sink.text).toMatch(/retry: 3000\n\n$/);
});

test("beyond the limit on topics only streams on those that are followed are opened", () => {
  const model = hubOnModel();
  model.settings.maxTopics = 2;
  openOn(model, "a");
  openOn(model, "b");
  expect(() => openOn(model, "c")).toThrow("topics_exhausted");
  openOn(model, "a");
});
