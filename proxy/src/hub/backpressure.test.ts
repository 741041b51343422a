import fc from "fast-check";
import { expect, test } from "vitest";
import { Backlog } from "./backlog.ts";
import { type Backpressure, reliefFor } from "./backpressure.ts";

const backlogOf = (sequences: readonly number[]): Backlog => {
  const backlog = new Backlog();
  for (const sequence of sequences) backlog.add(sequence);
  return backlog;
};

const five = [10, 20, 30, 40, 50];

test.each([
  ["block never drops", { policy: "block", maxEvents: 1 }, 0, undefined],
  ["at the limit nothing is dropped", { policy: "drop_oldest", maxEvents: 3 }, 20, undefined],
  [
    "drop_oldest leaves exactly the newest",
    { policy: "drop_oldest", maxEvents: 3 },
    10,
    { kind: "skip", to: 20, dropped: 1 },
  ],
  ["drop_oldest from the beginning", { policy: "drop_oldest", maxEvents: 2 }, 5, { kind: "skip", to: 30, dropped: 3 }],
  ["a cursor between two events", { policy: "drop_oldest", maxEvents: 2 }, 15, { kind: "skip", to: 30, dropped: 2 }],
  [
    "drop_newest keeps the first after the cursor",
    { policy: "drop_newest", maxEvents: 2 },
    10,
    { kind: "keep", keep: { to: 30, number: 3 } },
  ],
  ["nothing is behind", { policy: "drop_newest", maxEvents: 5 }, 0, undefined],
] as const)("%s", (_, backpressure, cursor, expected) => {
  expect(reliefFor(backpressure, backlogOf(five), cursor)).toEqual(expected);
});

test("what was forgotten still counts", () => {
  const backlog = backlogOf(five);
  backlog.trim(2);
  expect([backlog.count, backlog.countAt(30), backlog.countAt(45), backlog.countAt(50)]).toEqual([5, 3, 4, 5]);
  expect([backlog.sequenceOf(3), backlog.sequenceOf(4), backlog.sequenceOf(5), backlog.sequenceOf(6)]).toEqual([
    undefined,
    40,
    50,
    undefined,
  ]);
  backlog.add(60);
  expect(backlog.countAt(60)).toBe(6);
});

/** A model stream that reads at random times: every event is received or counted as dropped, under every policy. */
test("received and dropped are all that was published, in order and without doubles", () => {
  const steps = fc.array(fc.record({ arrive: fc.nat(6), read: fc.nat(4), trim: fc.boolean() }), { maxLength: 120 });
  fc.assert(
    fc.property(
      fc.constantFrom<Backpressure["policy"]>("drop_oldest", "drop_newest"),
      fc.integer({ min: 1, max: 8 }),
      steps,
      (policy, maxEvents, list) => {
        const backlog = new Backlog();
        const published: number[] = [];
        const received: number[] = [];
        let [cursor, dropped, sequence] = [0, 0, 0];
        let keep: { to: number; number: number } | undefined;
        const relieve = () => {
          const relief = keep === undefined ? reliefFor({ policy, maxEvents }, backlog, cursor) : undefined;
          if (relief?.kind === "keep") keep = relief.keep;
          if (relief?.kind !== "skip") return;
          dropped += relief.dropped;
          cursor = relief.to;
        };
        const read = () => {
          if (keep !== undefined && cursor >= keep.to) {
            dropped += backlog.count - keep.number;
            cursor = published.at(-1) ?? cursor;
            keep = undefined;
          }
          const next = published.find((one) => one > cursor);
          if (next === undefined) return;
          received.push(next);
          cursor = next;
        };
        for (const { arrive, read: reads, trim } of list) {
          for (let count = 0; count < arrive; count += 1) {
            sequence += 1 + (sequence % 3);
            published.push(sequence);
            backlog.add(sequence);
          }
          relieve();
          if (trim) backlog.trim(maxEvents);
          if (policy === "drop_oldest")
            expect(published.filter((one) => one > cursor).length).toBeLessThanOrEqual(maxEvents);
          for (let count = 0; count < reads; count += 1) read();
        }
        while (cursor < (published.at(-1) ?? 0)) read();
        expect(received.length + dropped).toBe(published.length);
        expect(received).toEqual([...new Set(received)].toSorted((a, b) => a - b));
      },
    ),
    { numRuns: 300 },
  );
});
