import fc from "fast-check";
import { expect, test } from "vitest";
import { blocksOf } from "./testing/delivery-check.ts";
import { idOf } from "./testing/expected-text.ts";
import { hubOn, openOn, text, topicOf } from "./testing/hub-under-test.ts";
import { ManualClock } from "./testing/manual-clock.ts";
import { ModelJournal } from "./testing/model-journal.ts";

const { topicId } = topicOf("a");

/** 500 events a second, told a few at a time. */
const everyMs = 2;
const tellEveryMs = 5;
const pageSize = 20;
const cuts = 1_000;
/** Milliseconds for which a client is listened to: some of the past, the join, and some live events. */
const listenedMs = 150;
const endMs = 4_200;

const cut = fc.record({
  at: fc.integer({ min: 0, max: 4_000 }),
  /** Events that the client missed. */
  missed: fc.nat(60),
  /** Milliseconds that the journal takes for its answers from then on. */
  answerMs: fc.nat(9),
  /** Live events come so much later than they are stored. */
  tellMs: fc.nat(7),
  /** Live events of this moment are lost. */
  losing: fc.boolean(),
});

test("at a thousand places, replay and live join without a hole and without a repeat on a proxy that never had the topic", {
  timeout: 120_000,
}, async () => {
  const seed = Number(process.env["HUB_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  const clock = new ManualClock();
  const journal = new ModelJournal(clock, { pageSize });
  journal.slow = true;
  const faults: string[] = [];
  let joined = 0;
  for (const each of fc.sample(cut, { numRuns: cuts, seed })) {
    clock.after(each.at, () => {
      journal.answerDelayMs = each.answerMs;
      if (each.losing) journal.loseUntold();
      clock.after(each.tellMs, () => journal.deliver());
      const after = Math.max(0, journal.lastSequence - each.missed);
      const missed = journal.lastSequence - after;
      const under = hubOn(clock, journal);
      const { sink, stream } = openOn(under, "a", idOf(after));
      clock.after(listenedMs, () => {
        const ids = blocksOf(sink.bytes).flatMap(({ id, data }) => (data === undefined ? [] : [id]));
        const due = ids.map((_, index) => idOf(after + index + 1));
        if (ids.join() !== due.join()) faults.push(`after ${after}: ${ids}`);
        if (ids.length <= missed) faults.push(`after ${after}: only ${ids.length} came, ${missed} were missed`);
        faults.push(...under.errors);
        joined += 1;
        stream.closed();
        under.hub.stop();
      });
    });
  }
  for (let at = 0; at <= endMs; at += everyMs) clock.after(at, () => void journal.store(topicId, text("x")));
  for (let at = 0; at <= endMs; at += tellEveryMs) clock.after(at, () => journal.deliver());
  await clock.advance(endMs);
  expect(faults, `HUB_SEED=${seed}`).toEqual([]);
  expect(joined).toBe(cuts);
});
