import { proxyConfig } from "@revenprox/contract/config/proxy-config";
import { beforeEach, describe, expect, it } from "vitest";
import type { PublishOutcome } from "../hub/ports.ts";
import { ManualClock } from "../hub/testing/manual-clock.ts";
import { JournalPosition } from "./journal-position.ts";
import { PublishPipeline } from "./publish-pipeline.ts";
import { event, topicNumber } from "./testing/event-text.ts";
import type { WireConnection } from "./wire-connection.ts";
import type { WireReceiver } from "./wire-reader.ts";

interface Sent {
  readonly reply: string;
  readonly messageId: string;
}

/** A connection whose other end is the test. */
const fakeConnection = (mostBytes = 1_048_576) => {
  const sent: Sent[] = [];
  let take: WireReceiver = () => undefined;
  const connection: WireConnection = {
    mostBytes,
    send: (operations) => {
      const text = Buffer.from(operations).toString();
      for (const [, reply = "", messageId = ""] of text.matchAll(/HPUB \S+ (\S+) \d+ \d+\r\n.+\r\nNats-Msg-Id: (\S+)/g))
        sent.push({ reply, messageId });
    },
    subscribe: (_, receiver) => {
      take = receiver;
      return { isClosed: () => false, unsubscribe: () => undefined };
    },
  };
  const answer = (index: number, payload: unknown): void => {
    const subject = Buffer.from(sent[index]?.reply ?? "");
    const bytes = Buffer.concat([subject, Buffer.from(payload === undefined ? "" : JSON.stringify(payload))]);
    const [subjectEnd, dataAt] = [subject.length, subject.length];
    take({ bytes, subjectAt: 0, subjectEnd, headersAt: dataAt, dataAt, end: bytes.length });
  };
  return { sent, answer, connection };
};

const topic = topicNumber(1);
let clock: ManualClock;
let position: JournalPosition;
let doubts: number[];
let stepsBack: number;
let noResponders: number;
let look: Promise<void> | undefined;
let pipeline: PublishPipeline;

beforeEach(() => {
  clock = new ManualClock();
  position = new JournalPosition();
  position.begin(1_000);
  doubts = [];
  stepsBack = 0;
  noResponders = 0;
  look = undefined;
  const { journal } = proxyConfig.parse({ journal: { publishTimeoutMs: 10_000, maxInFlight: 3 } });
  const quiet = () => undefined;
  pipeline = new PublishPipeline({
    clock,
    random: () => 0.5,
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    instance: "test",
    journal,
    position,
    onDoubt: (_, sequence) => void doubts.push(sequence),
    onNoResponders: () => {
      noResponders += 1;
    },
    onStepBack: async () => {
      stepsBack += 1;
      position.begin(2_000, 0);
    },
    looking: () => look,
  });
});

const publish = async () => {
  const settled: { outcome?: PublishOutcome } = {};
  void pipeline.publish(topic, event("data")).then((outcome) => {
    settled.outcome = outcome;
  });
  await clock.settle();
  return settled;
};

describe("PublishPipeline", () => {
  it("answers with the place the journal gave", async () => {
    const { connection, answer } = fakeConnection();
    pipeline.resume(connection, "_INBOX");
    const settled = await publish();
    answer(0, { seq: 5 });
    await clock.settle();
    expect(settled.outcome).toEqual({ kind: "stored", cursor: { epoch: 1_000, sequence: 5 } });
    expect(position.highest).toBe(5);
    expect(doubts).toEqual([]);
  });

  it("tries again under the same id when nobody takes it, and is stored once somebody does", async () => {
    const { connection, answer, sent } = fakeConnection();
    pipeline.resume(connection, "_INBOX");
    const settled = await publish();
    answer(0, undefined);
    await clock.advance(200);
    expect(noResponders).toBe(1);
    expect(sent).toHaveLength(2);
    expect(sent[1]?.messageId).toBe(sent[0]?.messageId);
    answer(1, { seq: 9 });
    await clock.settle();
    expect(settled.outcome).toMatchObject({ kind: "stored" });
  });

  it("says `unavailable` when nobody took it until the deadline, for it was surely not stored", async () => {
    const { connection, answer, sent } = fakeConnection();
    pipeline.resume(connection, "_INBOX");
    const settled = await publish();
    for (let answered = 0; settled.outcome === undefined; ) {
      for (; answered < sent.length; answered += 1) answer(answered, undefined);
      await clock.advance(100);
    }
    expect(settled.outcome).toEqual({ kind: "unavailable" });
    expect(sent.length).toBeLessThan(30);
  });

  it("says `unknown` when an answer stayed away, after attempts under the same id", async () => {
    const { connection, sent } = fakeConnection();
    pipeline.resume(connection, "_INBOX");
    const settled = await publish();
    await clock.advance(9_900);
    expect(settled.outcome).toBeUndefined();
    await clock.advance(200);
    expect(settled.outcome).toEqual({ kind: "unknown" });
    expect(sent.length).toBeGreaterThan(3);
    expect(new Set(sent.map(({ messageId }) => messageId)).size).toBe(1);
  });

  it("tells the topic's followers when a repeated attempt turns out to be stored", async () => {
    const { connection, answer } = fakeConnection();
    pipeline.resume(connection, "_INBOX");
    const settled = await publish();
    await clock.advance(2_100);
    answer(1, { seq: 4, duplicate: true });
    await clock.settle();
    expect(settled.outcome).toMatchObject({ kind: "stored", cursor: { sequence: 4 } });
    expect(doubts).toEqual([4]);
  });

  it("takes a late answer to an earlier attempt", async () => {
    const { connection, answer } = fakeConnection();
    pipeline.resume(connection, "_INBOX");
    const settled = await publish();
    await clock.advance(2_100);
    answer(0, { seq: 4 });
    await clock.settle();
    expect(settled.outcome).toMatchObject({ kind: "stored", cursor: { sequence: 4 } });
  });

  it("sends again after a lost connection what may not have arrived", async () => {
    const first = fakeConnection();
    pipeline.resume(first.connection, "_INBOX");
    const settled = await publish();
    pipeline.suspend();
    await clock.advance(500);
    const second = fakeConnection();
    pipeline.resume(second.connection, "_INBOX");
    await clock.settle();
    expect(second.sent.map(({ messageId }) => messageId)).toEqual(first.sent.map(({ messageId }) => messageId));
    first.answer(0, { seq: 3, duplicate: true });
    await clock.settle();
    expect(settled.outcome).toMatchObject({ kind: "stored" });
  });

  it("waits out a short outage and refuses at once in a long one", async () => {
    const { connection, sent } = fakeConnection();
    pipeline.resume(connection, "_INBOX");
    pipeline.suspend();
    const waiting = await publish();
    await clock.advance(5_000);
    expect(waiting.outcome).toBeUndefined();
    await clock.advance(5_100);
    expect(waiting.outcome).toEqual({ kind: "unavailable" });
    const refused = await publish();
    await clock.settle();
    expect(refused.outcome).toEqual({ kind: "unavailable" });
    expect(sent).toEqual([]);
  });

  it("takes no more than its bound at once", async () => {
    const { connection, answer, sent } = fakeConnection();
    pipeline.resume(connection, "_INBOX");
    const all = await Promise.all([publish(), publish(), publish(), publish()]);
    await clock.settle();
    expect(all.map(({ outcome }) => outcome?.kind)).toEqual([undefined, undefined, undefined, "busy"]);
    expect(sent).toHaveLength(3);
    answer(1, { seq: 1 });
    await clock.settle();
    await publish();
    expect(sent).toHaveLength(4);
  });

  it("refuses what the server would not take", async () => {
    const { connection, sent } = fakeConnection(300);
    pipeline.resume(connection, "_INBOX");
    const outcome = await pipeline.publish(topic, event("x".repeat(290)));
    expect(outcome.kind).toBe("too-large");
    expect(sent).toEqual([]);
  });

  it("asks for the epoch before it answers with a sequence that lies below what is known", async () => {
    const { connection, answer } = fakeConnection();
    pipeline.resume(connection, "_INBOX");
    position.note(50);
    const settled = await publish();
    answer(0, { seq: 2 });
    await clock.settle();
    expect(stepsBack).toBe(1);
    expect(settled.outcome).toEqual({ kind: "stored", cursor: { epoch: 2_000, sequence: 2 } });
  });

  it("answers with the epoch that a look at the journal finds, when one is under way", async () => {
    const { connection, answer } = fakeConnection();
    pipeline.resume(connection, "_INBOX");
    position.note(50);
    let found: () => void = () => undefined;
    look = new Promise((resolve) => {
      found = resolve;
    });
    const settled = await publish();
    answer(0, { seq: 51 });
    await clock.settle();
    expect(settled.outcome).toBeUndefined();
    position.begin(2_000, 0);
    found();
    await clock.settle();
    expect(settled.outcome).toEqual({ kind: "stored", cursor: { epoch: 2_000, sequence: 51 } });
    expect(position.highest).toBe(0);
  });

  it("gives up an event that the server no longer takes, for it has come to take less", async () => {
    pipeline.resume(fakeConnection(4_000).connection, "_INBOX");
    const outcome = pipeline.publish(topic, event("x".repeat(2_000)));
    pipeline.suspend();
    const waiting = pipeline.publish(topic, event("x".repeat(2_000)));
    pipeline.resume(fakeConnection(1_500).connection, "_INBOX");
    expect((await outcome).kind).toBe("unknown");
    expect((await waiting).kind).toBe("too-large");
  });

  it("does not take the sequence of an earlier attempt for a step back", async () => {
    const { connection, answer } = fakeConnection();
    pipeline.resume(connection, "_INBOX");
    const settled = await publish();
    position.note(50);
    answer(0, { seq: 40 });
    await clock.settle();
    expect(stepsBack).toBe(0);
    expect(settled.outcome).toEqual({ kind: "stored", cursor: { epoch: 1_000, sequence: 40 } });
  });

  it("answers all that waits when it is closed, and leaves no timer", async () => {
    const { connection } = fakeConnection();
    pipeline.resume(connection, "_INBOX");
    const sent = await publish();
    pipeline.close();
    await clock.advance(100);
    expect(sent.outcome).toEqual({ kind: "unknown" });
    expect(clock.pendingTimers).toBe(0);
  });

  it("survives an answer that makes no sense", async () => {
    const { connection, answer } = fakeConnection();
    pipeline.resume(connection, "_INBOX");
    const settled = await publish();
    expect(() => answer(7, { seq: 1 })).not.toThrow();
    answer(0, null);
    await clock.settle();
    expect(settled.outcome).toEqual({ kind: "unavailable" });
  });
});
