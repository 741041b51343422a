import { expect, test } from "vitest";
import type { EventType } from "./event.ts";
import { JournalUnavailable, type PublishOutcome } from "./ports.ts";
import { publishBatch } from "./publish-batch.ts";
import { publishOnce } from "./publish-once.ts";
import { text, topicOf } from "./testing/hub-under-test.ts";
import { ManualClock } from "./testing/manual-clock.ts";
import { ModelJournal } from "./testing/model-journal.ts";

const { topicId } = topicOf("a");
const journalNow = () => new ModelJournal(new ManualClock());
const lines = (...data: string[]) => data.map((part) => ({ event: text(part) }));
const dataIn = (journal: ModelJournal) => journal.history.map(({ event }) => new TextDecoder().decode(event?.data));

test("lines without ids are stored together, each with its own place", async () => {
  const journal = journalNow();
  journal.store(topicId, text("before"));
  const { epoch } = journal;
  expect(await publishBatch(journal, topicId, lines("1", "2"))).toEqual({
    kind: "results",
    results: [
      { kind: "stored", cursor: { epoch, sequence: 2 } },
      { kind: "stored", cursor: { epoch, sequence: 3 } },
    ],
  });
});

test.each<[string, Partial<ModelJournal>, (string | undefined)[]]>([
  ["a journal that cannot store together", { mostTogether: 0 }, [undefined, undefined]],
  ["more lines than the journal stores together", { mostTogether: 1 }, [undefined, undefined]],
  ["a message id", {}, [undefined, "id"]],
])("one by one, in order: %s", async (_name, changes, ids) => {
  const journal = Object.assign(journalNow(), changes);
  journal.publishTogether = async () => Promise.reject(new Error("together"));
  const batch = lines("1", "2").map((line, index) => ({ ...line, ...(ids[index] ? { messageId: ids[index] } : {}) }));
  expect((await publishBatch(journal, topicId, batch)).kind).toBe("results");
  expect(dataIn(journal)).toEqual(["1", "2"]);
});

test.each<PublishOutcome["kind"]>(["unavailable", "unknown", "busy"])(
  "%s in the middle: later lines are not tried; at the start: it is the answer to all",
  async (kind) => {
    const journal = Object.assign(journalNow(), { mostTogether: 0 });
    const publish = journal.publish.bind(journal);
    let calls = 0;
    journal.publish = async (...args) => {
      calls += 1;
      return calls === 2 ? ({ kind } as PublishOutcome) : publish(...args);
    };
    const batch = lines("1", "2", "3");
    expect(await publishBatch(journal, topicId, batch)).toMatchObject({
      kind: "results",
      results: [{ kind: "stored" }, { kind }, { kind: "unavailable" }],
    });
    calls = 1;
    expect(await publishBatch(journal, topicId, batch)).toEqual({ kind });
    expect(dataIn(journal)).toEqual(["1"]);
  },
);

test("a journal out of reach is told as such", async () => {
  const journal = journalNow();
  journal.publishTogether = () => Promise.reject(new JournalUnavailable("gone"));
  expect(await publishBatch(journal, topicId, lines("1", "2"))).toEqual({ kind: "unavailable" });
});

test("a repeated id: the same event has its first place, another one is a conflict", async () => {
  const journal = journalNow();
  const event = { ...text("one"), type: "note" as EventType, retry: 5_000 };
  const first = await publishOnce(journal, topicId, event, "id");
  expect(await publishOnce(journal, topicId, event, "id")).toEqual({ ...first, duplicate: true });
  for (const other of [{ ...event, data: text("two").data }, { ...event, type: "other" as EventType }, text("one")])
    expect(await publishOnce(journal, topicId, other, "id")).toEqual({ kind: "conflict" });
  expect(dataIn(journal)).toEqual(["one"]);
});

test("a repeated id whose event is gone has its first place; one that cannot be looked up is not answered with it", async () => {
  const journal = journalNow();
  const first = await publishOnce(journal, topicId, text("one"), "id");
  journal.expire(1);
  expect(await publishOnce(journal, topicId, text("two"), "id")).toEqual({ ...first, duplicate: true });
  journal.readsFail = true;
  expect(await publishOnce(journal, topicId, text("two"), "id")).toEqual({ kind: "unavailable" });
});
