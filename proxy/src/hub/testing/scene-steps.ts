import fc from "fast-check";
import type { Topic, TopicId } from "../event.ts";
import type { TopicRef } from "../past.ts";

/** The topics that events are published on. */
export const topics: readonly TopicRef[] = ["a", "b", "c"].map((name) => ({
  topic: name as Topic,
  topicId: name.repeat(32) as TopicId,
}));

const topic = fc.nat(topics.length - 1);
const client = fc.nat(5);
/** Part of what was written that arrives before the connection is cut. */
const keep = fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true }));
const step = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant("publish" as const),
      topic,
      lost: fc.boolean(),
      count: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("publish malformed" as const), topic }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("open" as const), kind: fc.nat(7) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("cut" as const), client, keep, whole: fc.boolean() }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("reopen" as const), client }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("slow down" as const), client, patience: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("writable" as const), client }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      ms: fc.constantFrom(0, 1, 50, 250, 1_100, 6_000, 16_000, 40_000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("tell late" as const), on: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("lose what is under way" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("disconnect" as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("connect" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("expire" as const), keep: fc.nat(12) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("nudge" as const), topic, ahead: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("stale" as const), by: fc.nat(4) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("answer late" as const), ms: fc.constantFrom(0, 5, 300) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("fail reads" as const), on: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("read slowly" as const), ms: fc.constantFrom(0, 400, 9_000, 20_000) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("go elsewhere" as const), client, events: fc.integer({ min: 1, max: 9 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("be unreadable" as const),
      topic,
      meanwhile: fc.array(topic, { minLength: 1, maxLength: 7 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("bound resumes" as const), events: fc.constantFrom(6, 1_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("rename" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("restore" as const), topic, without: fc.nat(8), meanwhile: fc.nat(2) }),
  },
);
export type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** One topic loses its tail, another goes on, and a client that saw only this comes back. */
const hop = fc
  .record({
    lost: topic,
    told: topic,
    client,
    count: fc.integer({ min: 1, max: 4 }),
    ms: fc.constantFrom(0, 50, 6_000),
  })
  .map(({ lost, told, client: at, count, ms }): readonly Step[] => [
    { do: "publish", topic: lost, lost: true, count },
    { do: "publish", topic: told, lost: false, count: 1 },
    { do: "cut", client: at, keep: 1, whole: true },
    { do: "wait", ms },
    { do: "reopen", client: at },
  ]);

export const steps = fc
  .array(
    fc.oneof({ weight: 9, arbitrary: step.map((each): readonly Step[] => [each]) }, { weight: 1, arbitrary: hop }),
    {
      minLength: 5,
      maxLength: 60,
      size: "max",
    },
  )
  .map((all) => all.flat());

/** As many runs as `HUB_RUNS` says, from the seed `HUB_SEED` says; else few, from a random one, which a failure prints. */
export const schedules = (): { readonly numRuns: number; readonly seed?: number } => {
  const seed = process.env["HUB_SEED"];
  return { numRuns: Number(process.env["HUB_RUNS"] ?? 2_500), ...(seed === undefined ? {} : { seed: Number(seed) }) };
};

/** Milliseconds that so many schedules may take on a machine that is busy with others. */
export const scheduleTimeout = (): number => 120_000 + schedules().numRuns * 20;
