import { expect, test } from "vitest";
import { text, topicOf } from "./testing/hub-under-test.ts";
import { RecordingSink } from "./testing/recording-sink.ts";
import { events, id, open, storing } from "./testing/several-topics.ts";

const proofs = (sink: RecordingSink) =>
  [...sink.text.matchAll(/^id: (\S+~\S+)\n\n/gm)].map(([, proven = ""]) => proven);

/** What a client holds that was written the sequences of `told` of the journal's events, the rest being lost on the way. */
const heldBy = async (names: string, stored: readonly string[], told: readonly number[]): Promise<string> => {
  const model = await storing();
  const { sink } = open(model, names);
  await model.clock.advance(2_000);
  for (const [index, each] of stored.entries()) {
    model.journal.losing = !told.includes(index + 1);
    model.journal.store(topicOf(each.slice(0, 1)).topicId, text(each));
  }
  await model.clock.settle();
  return proofs(sink).at(-1) ?? "";
};

test.each<[string, readonly number[], readonly string[]]>([
  ["one event", [1, 3, 4], ["4 b1"]],
  ["the last of a topic", [1, 2, 4], ["4 a2"]],
  ["nothing", [1, 2, 3, 4], []],
])("what one proxy lost another makes good, once: %s", async (_, told, expected) => {
  const stored = expected[0] === "4 a2" ? ["a1", "b1", "a2", "b2"] : ["a1", "b1", "a2", "a3"];
  const held = await heldBy("ab", stored, told);
  const other = await storing(...stored);
  const { sink } = open(other, "ab", { lastEventId: held });
  await other.clock.advance(1_000);
  expect(events(sink)).toEqual(expected);
  other.journal.store(topicOf("a").topicId, text("live"));
  await other.clock.settle();
  expect(events(sink)).toEqual([...expected, "5 live"]);
  expect(other.metrics).toMatchObject({ late: expected.length, gaps: 0, resumes: ["continued"] });
});

test("a client that comes back while it is given what it lacks is given the rest", async () => {
  const stored = ["a1", "b1", "b2", "a2"];
  const other = await storing(...stored);
  const { sink } = open(other, "ab", { lastEventId: await heldBy("ab", stored, [1, 4]) });
  await other.clock.advance(1_000);
  expect(events(sink)).toEqual(["4 b1", "4 b2"]);
  const [, first = ""] = /^id: (\S+)\ndata: b1$/m.exec(sink.text) ?? [];
  const again = open(other, "ab", { lastEventId: first });
  await other.clock.advance(1_000);
  expect(events(again.sink)).toEqual(["4 b2"]);
});

test("other topics than those of the proof are resumed as by an id without one", async () => {
  const stored = ["a1", "b1", "a2", "c1"];
  const other = await storing(...stored);
  const { sink } = open(other, "abc", { lastEventId: await heldBy("ab", stored, [1, 3]) });
  await other.clock.advance(1_000);
  expect(events(sink)).toEqual(["4 c1"]);
});

test("a proof of what the journal no longer has is answered with a gap", async () => {
  const stored = ["a1", "b1", "a2"];
  const held = await heldBy("ab", stored, [1, 3]);
  const other = await storing(...stored);
  other.journal.expire(2);
  const { sink } = open(other, "ab", { lastEventId: held });
  await other.clock.advance(1_000);
  expect(sink.text).toContain(`{"topic":"b","from":"${id(0)}","to":"${id(3)}","reason":"expired","recoverable":false}`);
  expect(other.metrics).toMatchObject({ gaps: 2, resumes: ["expired"] });
});

test("topics that were all compared with the journal give ids without a proof", async () => {
  const model = await storing();
  const { sink } = open(model, "ab");
  await model.clock.advance(2_000);
  model.journal.store(topicOf("a").topicId, text("x"));
  await model.clock.advance(6_000);
  const { sink: later } = open(model, "ab", { lastEventId: proofs(sink).at(-1) ?? "" });
  await model.clock.advance(1_000);
  expect(later.text).toBe(`retry: 2000\nid: ${id(1)}\n\n`);
});

test("a gap that a slow client was not told yet is part of the one that follows when ids begin anew", async () => {
  const stored = ["a1", "b1", "a2"];
  const held = await heldBy("ab", stored, [1, 3]);
  const other = await storing(...stored);
  other.journal.expire(2);
  other.journal.answerDelayMs = 300;
  const sink = new RecordingSink();
  sink.patience = 1;
  const stream = other.hub.open({ topics: [..."ab"].map(topicOf), encoding: "plain", lastEventId: held }, sink);
  await other.clock.advance(5_000);
  expect(sink.text).toBe("retry: 2000\n\n");
  other.journal.restart();
  await other.clock.advance(5_000);
  sink.patience = Number.POSITIVE_INFINITY;
  sink.drained();
  if ("writable" in stream) stream.writable();
  await other.clock.advance(5_000);
  for (const topic of ["a", "b"]) expect(sink.text).toContain(`{"topic":"${topic}","from":"${id(0)}",`);
  expect(sink.text.match(/"reason":"reset"/g)).toHaveLength(2);
  expect(sink.text).not.toContain("expired");
});
