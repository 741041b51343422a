import { describe, expect, it } from "vitest";
import type { StateMessage } from "./state-message.ts";
import { heartbeat, lifeNumber, oldHeartbeat, topicIn } from "./testing/heartbeats.ts";
import { TopicTable } from "./topic-table.ts";
import { type EncodedMessage, encoded, parseEncoded } from "./wire.ts";

const table = new TopicTable();
table.set(topicIn(7), 300);

const life = lifeNumber(0xabc);

describe("a state message", () => {
  it.each<StateMessage>([
    heartbeat({ topics: 1, state: { version: 9, digests: table.digests } }),
    heartbeat({ bye: true }),
    { kind: "delta", life, from: 7, changes: [] },
    {
      kind: "delta",
      life,
      from: 7,
      changes: [
        [topicIn(0xff, 3), 0],
        [topicIn(1), 127],
        [topicIn(2), 128],
        [topicIn(3), 4_294_967_295],
      ],
    },
    { kind: "want", life, buckets: [0, 127] },
    { kind: "outdated", epoch: 1_700_000_000_000 },
    {
      kind: "snapshot",
      life,
      version: 3,
      buckets: [
        { bucket: 3, topics: [[topicIn(7), 1]] },
        { bucket: 4, topics: undefined },
        { bucket: 5, topics: [] },
        { bucket: 6, topics: [[topicIn(12), 2]] },
      ],
    },
  ])("is read as it was written: $kind", (message) => {
    expect(parseEncoded(encoded(message))).toEqual(message);
  });

  it("of 1,000 changes takes 17 bytes a topic", () => {
    const changes = Array.from({ length: 1_000 }, (_, number) => [topicIn(number % 256, number), 3] as const);
    expect(encoded({ kind: "delta", life, from: 0, changes }).payload.length).toBeLessThan(17_100);
  });
});

const text = (fields: unknown): EncodedMessage => ({ form: "heartbeat", payload: JSON.stringify(fields) });
const packed = (fields: unknown, body: readonly number[] = []): EncodedMessage => ({
  form: "packed",
  payload: Buffer.concat([Buffer.from(`${JSON.stringify(fields)}\n`), Buffer.from(body)]),
});
const presence = { v: 1, proxyId: "a", epoch: 1, build: "1.0", topics: 2, connections: 3 };

describe("builds of another protocol", () => {
  it("are understood when they are older", () => {
    expect(parseEncoded(text(presence))).toEqual(oldHeartbeat({ topics: 2 }));
    expect(parseEncoded(text({ ...presence, bye: true }))).toMatchObject({ bye: true });
  });

  it("understand what they know of ours: the first fields are theirs", () => {
    const { payload } = encoded(heartbeat({ topics: 2 }));
    expect(JSON.parse(String(payload))).toMatchObject({ ...presence, v: 2 });
  });

  it("are understood as far as possible when they are newer", () => {
    const newer = { ...presence, v: 9, life, seq: 4, version: 1, digests: "of another form", more: [] };
    expect(parseEncoded(text(newer))).toEqual(
      heartbeat({ protocol: 9, topics: 2, process: { life, seq: 4 }, state: undefined }),
    );
    expect(parseEncoded(packed({ v: 9, kind: "delta", life, from: 1, more: true }))).toMatchObject({ from: 1 });
  });
});

describe("what is no state message", () => {
  it.each([
    "",
    "null",
    "[]",
    "{",
    JSON.stringify({ ...presence, v: 0 }),
    JSON.stringify({ ...presence, proxyId: "" }),
    JSON.stringify({ ...presence, proxyId: "x".repeat(257) }),
    JSON.stringify({ ...presence, topics: -1 }),
    JSON.stringify({ ...presence, epoch: "1" }),
  ])("is refused: %s", (payload) => {
    expect(parseEncoded({ form: "heartbeat", payload })).toBeUndefined();
  });

  it.each<[string, EncodedMessage]>([
    ["no line", { form: "packed", payload: Buffer.from("{}") }],
    ["another kind", packed({ v: 2, kind: "news" })],
    ["an older version", packed({ v: 1, kind: "outdated", epoch: 1 })],
    ["no process", packed({ v: 2, kind: "delta", from: 1 })],
    ["a bucket that does not exist", packed({ v: 2, kind: "want", life, buckets: [128] })],
    ["half an id", packed({ v: 2, kind: "delta", life, from: 1 }, [1, 2, 3])],
    ["no count", packed({ v: 2, kind: "delta", life, from: 1 }, new Array(16).fill(1))],
    ["a count without end", packed({ v: 2, kind: "delta", life, from: 1 }, new Array(200).fill(0x80))],
    ["more topics than told", packed({ v: 2, kind: "snapshot", life, version: 1, buckets: [] }, new Array(17).fill(1))],
    ["fewer topics than told", packed({ v: 2, kind: "snapshot", life, version: 1, buckets: [[1, 1]] })],
    ["no list of buckets", packed({ v: 2, kind: "snapshot", life, version: 1, buckets: [7] })],
  ])("is refused: %s", (_, wire) => {
    expect(parseEncoded(wire)).toBeUndefined();
  });
});
