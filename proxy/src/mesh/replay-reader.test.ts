import { beforeEach, describe, expect, it } from "vitest";
import { JournalUnavailable } from "../hub/ports.ts";
import type { BatchEnd, DirectRequest, OnStored } from "./direct-get.ts";
import { JournalPosition } from "./journal-position.ts";
import { scanHeaders } from "./raw-headers.ts";
import { createReplayReader, type ReplayReaderDeps } from "./replay-reader.ts";
import { topicNumber } from "./testing/event-text.ts";

/** Sequences a server sends, how many it holds back, or that it does not answer at all. */
type Answer = { readonly sequences: readonly number[]; readonly pending?: number } | "silence";

const topic = topicNumber(1);
const none = scanHeaders(new Uint8Array(0));
let requests: DirectRequest[];
let bounds: number;
let position: JournalPosition;

beforeEach(() => {
  requests = [];
  bounds = 0;
  position = new JournalPosition();
  position.note(100);
});

const reader = (answers: readonly Answer[], changes: Partial<ReplayReaderDeps> = {}) => {
  const get = async (request: DirectRequest, _: number, onMessage: OnStored): Promise<BatchEnd> => {
    const answer = answers[requests.length] ?? "silence";
    requests.push(request);
    if (answer === "silence") throw new JournalUnavailable("no answer");
    const { sequences, pending = 0 } = answer;
    for (const [index, sequence] of sequences.entries()) {
      onMessage({ ...none, sequence, pending: pending + sequences.length - index - 1 }, new Uint8Array(0));
    }
    return { empty: sequences.length === 0, pending, upTo: 0 };
  };
  return createReplayReader({
    direct: { connected: true, get },
    instance: "test",
    maxEventsPerTopic: () => 5,
    position,
    toStored: ({ sequence }) => ({ sequence, acceptedAt: 0 }),
    firstSequence: async () => {
      bounds += 1;
      return 20;
    },
    endIsSure: async () => true,
    ...changes,
  });
};

describe("a page of a topic's past", () => {
  it("need not ask what is gone when the entry at the cursor is still there", async () => {
    const page = await reader([{ sequences: [10, 30, 40] }])(topic, 10);
    expect(page.events.map((event) => event.sequence)).toEqual([30, 40]);
    expect(page).toMatchObject({ missed: false, end: true, completeTo: 100 });
    expect(bounds).toBe(0);
  });

  it.each([
    ["before what the stream holds", 18, [30], true],
    ["right before what the stream holds", 19, [30], false],
    ["inside what the stream holds", 25, [30], false],
    ["before as many entries as a topic may have", 25, [30, 31, 32, 33, 34], true],
    ["before nothing", 18, [], true],
  ])("may lack entries when the cursor lies %s", async (_, after, sequences, missed) => {
    expect((await reader([{ sequences }])(topic, after)).missed).toBe(missed);
  });

  it("is complete only to its last entry while there is more", async () => {
    const page = await reader([{ sequences: [30, 40], pending: 2 }])(topic, 25);
    expect(page).toMatchObject({ end: false, completeTo: 40 });
  });

  it("is not the end when the stream's leader knows of more than the server that answered", async () => {
    const asked: [string, number][] = [];
    const endIsSure = async (subject: string, sequence: number) => {
      asked.push([subject, sequence]);
      return false;
    };
    const page = await reader([{ sequences: [30] }], { endIsSure })(topic, 25);
    expect(page).toMatchObject({ end: false, completeTo: 30 });
    expect(asked).toEqual([[`revenprox.test.in.${topic}`, 31]]);
  });

  it("goes on behind a large entry at the cursor that filled the answer alone", async () => {
    const page = await reader([{ sequences: [10], pending: 2 }, { sequences: [30, 40] }])(topic, 10);
    expect(page.events.map((event) => event.sequence)).toEqual([30, 40]);
    expect(requests.map((request) => request.seq)).toEqual([10, 11]);
    expect(page.missed).toBe(false);
  });

  it("is asked for again when a server does not answer, but not for ever", async () => {
    const page = await reader(["silence", "silence", { sequences: [30] }])(topic, 25);
    expect(page.events).toHaveLength(1);
    requests = [];
    await expect(reader([])(topic, 25)).rejects.toBeInstanceOf(JournalUnavailable);
    expect(requests).toHaveLength(3);
  });
});
