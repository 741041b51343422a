import { beforeEach, describe, expect, it } from "vitest";
import { JournalUnavailable } from "../hub/ports.ts";
import type { BatchEnd, DirectRequest, OnStored } from "./direct-get.ts";
import { JournalPosition } from "./journal-position.ts";
import { scanHeaders } from "./raw-headers.ts";
import { createReplayReader, type ReplayReaderDeps } from "./replay-reader.ts";
import { topicNumber } from "./testing/event-text.ts";

/** Sequences a server sends, of which stream, and how many it holds back; or that it does not answer at all. */
type Answer =
  | { readonly sequences: readonly number[]; readonly pending?: number; readonly stream?: string }
  | "silence";

const topic = topicNumber(1);
const subject = `revenprox.test.in.${topic}`;
const none = scanHeaders(new Uint8Array(0));
const mirrorName = "REVENPROX_test_REPLAY";

let position: JournalPosition;
let journal: DirectRequest[];
let mirrored: DirectRequest[];
let asked: string[];
let rests: number[];

beforeEach(() => {
  journal = [];
  mirrored = [];
  asked = [];
  rests = [];
  position = new JournalPosition();
  position.note(100);
});

const source = (answers: readonly Answer[], requests: DirectRequest[], name: string) => ({
  connected: true,
  get: async (request: DirectRequest, _: number, onMessage: OnStored): Promise<BatchEnd> => {
    const answer = answers[requests.length] ?? "silence";
    requests.push(request);
    if (answer === "silence") throw new JournalUnavailable("no answer");
    const { sequences, pending = 0, stream = name } = answer;
    for (const [index, sequence] of sequences.entries()) {
      onMessage({ ...none, stream, sequence, pending: pending + sequences.length - index - 1 }, new Uint8Array(0));
    }
    return { empty: sequences.length === 0, pending, upTo: 0 };
  },
});

interface Scene {
  readonly journal?: readonly Answer[];
  readonly mirror?: readonly Answer[];
  /** What the leader has of the topic. */
  readonly leader?: readonly number[];
  readonly firstSequence?: number;
}

const reader = (scene: Scene, changes: Partial<ReplayReaderDeps> = {}) => {
  const there = scene.leader ?? [];
  return createReplayReader({
    direct: source(scene.journal ?? [], journal, "REVENPROX_test"),
    mirrored: source(scene.mirror ?? [], mirrored, mirrorName),
    mirror: { usable: scene.mirror !== undefined, mayAnswer: true, rest: () => void rests.push(1) },
    leader: {
      firstFrom: async (of, sequence) => {
        asked.push(`${of} from ${sequence}`);
        return there.find((each) => each >= sequence);
      },
      facts: async () => ({ events: there.length, firstSequence: scene.firstSequence ?? 20 }),
    },
    hasNothingAfter: async (of, last, known) => {
      asked.push(`${of} after ${last}, to ${known}`);
      return !there.some((sequence) => sequence > last);
    },
    instance: "test",
    maxEventsPerTopic: () => 5,
    singleCopy: () => false,
    position,
    toStored: ({ sequence }) => ({ sequence, acceptedAt: 0 }),
    ...changes,
  });
};

const sequences = (page: { readonly events: readonly { readonly sequence: number }[] }) =>
  page.events.map((event) => event.sequence);

describe("a page of a topic's past, from the journal", () => {
  it("need not ask what is gone when the entry at the cursor is still there", async () => {
    const page = await reader({ journal: [{ sequences: [10, 30, 40] }], leader: [10, 30, 40] })(topic, 10);
    expect(sequences(page)).toEqual([30, 40]);
    expect(page).toMatchObject({ missed: false, end: true, completeTo: 100 });
    expect(asked).toEqual([`${subject} after 40, to 100`]);
  });

  it.each<[string, number, readonly number[], boolean]>([
    ["before what the stream holds", 18, [30], true],
    ["right before what the stream holds", 19, [30], false],
    ["inside what the stream holds", 25, [30], false],
    ["before as many entries as a topic may have", 25, [30, 31, 32, 33, 34], true],
    ["after an older entry that is still there", 25, [24, 31, 32, 33, 34], false],
    ["before nothing", 18, [], true],
  ])("may lack entries when the cursor lies %s", async (_, after, leader, missed) => {
    const sent = leader.filter((sequence) => sequence > after);
    const page = await reader({ journal: [{ sequences: sent }], leader })(topic, after);
    expect([sequences(page), page.missed]).toEqual([sent, missed]);
  });

  it("is complete only to its last entry while there is more", async () => {
    const page = await reader({ journal: [{ sequences: [30, 40], pending: 2 }], leader: [30] })(topic, 25);
    expect(page).toMatchObject({ end: false, completeTo: 40 });
  });

  it("is not the end when another copy has more than the server that answered", async () => {
    const page = await reader({ journal: [{ sequences: [25, 30] }], leader: [25, 30, 50] })(topic, 25);
    expect(page).toMatchObject({ end: false, completeTo: 30 });
  });

  it("needs no second opinion from a single server without a mirror", async () => {
    const mirror = { usable: false, mayAnswer: false, rest: () => undefined };
    const scene = { journal: [{ sequences: [25, 30] }] };
    const page = await reader(scene, { mirror, singleCopy: () => true })(topic, 25);
    expect(page).toMatchObject({ end: true, missed: false });
    expect(asked).toEqual([]);
  });

  it("goes on behind a large entry at the cursor that filled the answer alone", async () => {
    const scene = { journal: [{ sequences: [10], pending: 2 }, { sequences: [30, 40] }], leader: [10, 30, 40] };
    const page = await reader(scene)(topic, 10);
    expect(sequences(page)).toEqual([30, 40]);
    expect(journal.map((request) => request.seq)).toEqual([10, 11]);
    expect(page.missed).toBe(false);
  });

  it("is asked for again when a server does not answer, but not for ever", async () => {
    const page = await reader({ journal: ["silence", "silence", { sequences: [30] }], leader: [30] })(topic, 25);
    expect(page.events).toHaveLength(1);
    journal = [];
    await expect(reader({})(topic, 25)).rejects.toBeInstanceOf(JournalUnavailable);
    expect(journal).toHaveLength(3);
  });

  it("begins where the journal does when the mirror answered in its place", async () => {
    const scene = {
      journal: [{ sequences: [30, 40, 50, 60], stream: mirrorName }],
      leader: [50, 60],
      firstSequence: 45,
    };
    const page = await reader(scene)(topic, 25);
    expect([sequences(page), page.missed]).toEqual([[50, 60], true]);
  });

  it.each<[string, readonly number[], readonly number[]]>([
    ["lacks entries of the journal", [30, 60], [50, 60]],
    ["has only what the journal no longer has", [30, 40], [50, 60]],
  ])("goes up to where the journal begins when a mirror answered in its place that %s", async (_, sent, leader) => {
    const page = await reader({ journal: [{ sequences: sent, stream: mirrorName }], leader })(topic, 25);
    expect([sequences(page), page.end, page.completeTo]).toEqual([[], false, 49]);
  });
});

describe("a page of a topic's past, from the mirror", () => {
  beforeEach(() => position.note(1_000));

  it("is taken when the leader still has an entry at or before the cursor", async () => {
    const page = await reader({ mirror: [{ sequences: [30, 40] }], leader: [20, 30, 40] })(topic, 25);
    expect([sequences(page), page.missed, page.end, page.completeTo]).toEqual([[30, 40], false, true, 1_000]);
    expect([mirrored.map(({ seq }) => seq), journal]).toEqual([[26], []]);
  });

  it("goes no further than the mirror while the leader has more", async () => {
    const page = await reader({ mirror: [{ sequences: [30, 40] }], leader: [20, 30, 40, 50] })(topic, 25);
    expect(page).toMatchObject({ end: false, completeTo: 40 });
  });

  it.each<[string, Answer, readonly number[]]>([
    ["the journal's oldest entry of the topic lies after the cursor", { sequences: [26, 40] }, [30, 40]],
    ["the mirror has nothing yet", { sequences: [] }, [20, 30, 40]],
    ["the mirror does not answer", "silence", [20, 30, 40]],
  ])("is read from the journal instead when %s", async (_, answer, leader) => {
    const page = await reader({ mirror: [answer], journal: [{ sequences: [30, 40] }], leader })(topic, 25);
    expect(sequences(page)).toEqual([30, 40]);
    expect([mirrored.length, journal.length]).toEqual([1, 1]);
    expect(rests).toHaveLength(answer === "silence" ? 1 : 0);
  });

  it("is read from the journal when little can have come after the cursor", async () => {
    await reader({ mirror: [], journal: [{ sequences: [990] }], leader: [900, 990] })(topic, 950);
    expect([mirrored.length, journal.length]).toEqual([0, 1]);
  });
});
