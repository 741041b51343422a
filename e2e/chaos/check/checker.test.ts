import { describe, expect, test } from "vitest";
import { createChecker } from "./checker.ts";
import { type OffenceKind, offenceKinds } from "./offences.ts";
import { createTruth, type JournalEntry } from "./truth.ts";

const epoch = 1_700_000_000_000;
const id = (sequence: number): string => `${epoch}-${String(sequence).padStart(3, "0")}`;

/** Sequences 1 to 40: odd ones of topic 0, even ones of topic 1, stored one each millisecond. */
const entries: readonly JournalEntry[] = Array.from({ length: 40 }, (_, index) => ({
  sequence: index + 1,
  at: 1_000 + index,
  topic: index % 2,
  key: `h${index + 1}`,
  size: 10,
}));

const event = (client: number, sequence: number, at = 5_000): string =>
  `${client} ${at} event ${id(sequence)} h${sequence} 10`;

/** Client 1 listens to topic 0, client 2 to both; each resumes once. */
const goodRecord: readonly string[] = [
  "1 0 client 0",
  "2 0 client 0,1",
  `1 1001 open p1 -`,
  `1 1001 id ${id(4)}`,
  `2 1001 open p2 -`,
  `2 1001 id ${id(0)}`,
  ...[5, 7, 9, 11, 13, 15, 17, 19].map((sequence) => event(1, sequence)),
  `1 1010 close cut`,
  `1 1011 open p2 ${id(19)}`,
  `1 1011 id ${id(19)}`,
  ...[21, 23, 25, 27, 29, 31, 33, 35, 37, 39].map((sequence) => event(1, sequence)),
  `1 5001 id ${id(40)}`,
  ...Array.from({ length: 40 }, (_, index) => event(2, index + 1)),
];

const goodPublications: readonly string[] = entries.map(
  ({ key, topic, sequence }) => `${key} ${topic} accepted ${sequence} 1`,
);

interface Fed {
  readonly record?: readonly string[];
  readonly publications?: readonly string[];
  readonly journal?: readonly JournalEntry[];
  readonly maxEvents?: number;
}

const judge = ({ record = goodRecord, publications = goodPublications, journal = entries, maxEvents = 100 }: Fed) => {
  const checker = createChecker(createTruth(journal, maxEvents));
  for (const line of record) checker.observe(line);
  for (const line of publications) checker.publication(line);
  return checker.finish();
};

const found = (fed: Fed): Partial<Record<OffenceKind, number>> => {
  const { offences } = judge(fed);
  const kinds = Object.keys(offenceKinds) as OffenceKind[];
  return Object.fromEntries(
    kinds.filter((kind) => offences.count(kind) > 0).map((kind) => [kind, offences.count(kind)]),
  );
};

const without = (lines: readonly string[], index: number): string[] => lines.filter((_, at) => at !== index);
const doubled = (lines: readonly string[], index: number): string[] =>
  lines.flatMap((line, at) => (at === index ? [line, line] : [line]));
const swapped = (lines: readonly string[], one: number, other: number): string[] =>
  lines.map((line, at) => (at === one ? lines[other] : at === other ? lines[one] : line) ?? line);

const eventLines = goodRecord.flatMap((line, index) => (line.includes(" event ") ? [index] : []));

test("a good record passes, and its figures are told", () => {
  const verdict = judge({});
  expect(verdict.offences.total).toBe(0);
  expect(verdict).toMatchObject({ clients: 2, delivered: 58, accepted: 40, resumes: 1, late: 0, forcedGaps: 0 });
});

describe("a record that was tampered with fails", () => {
  test.each(eventLines)("one event removed: line %i", (index) => {
    expect(found({ record: without(goodRecord, index) })).toHaveProperty("lost", 1);
  });

  test.each(eventLines)("one event doubled: line %i", (index) => {
    expect(found({ record: doubled(goodRecord, index) })).toEqual({ doubled: 1 });
  });

  test("two events of a topic swapped, each pair that stands side by side", () => {
    const ofClient1 = eventLines.filter((index) => goodRecord[index]?.startsWith("1 "));
    const pairs = ofClient1.slice(1).map((index, place) => [ofClient1[place] ?? 0, index] as const);
    for (const [one, other] of pairs)
      expect(found({ record: swapped(goodRecord, one, other) })).toHaveProperty("disordered", 1);
    expect(pairs.length).toBe(17);
  });

  test("two events of a topic swapped in a stream of two topics", () => {
    const ofClient2 = eventLines.filter((index) => goodRecord[index]?.startsWith("2 "));
    const [one = 0, , other = 0] = ofClient2;
    expect(found({ record: swapped(goodRecord, one, other) })).toEqual({ disordered: 1 });
  });

  test("the end of a client's record cut off", () => {
    expect(found({ record: goodRecord.slice(0, -3) })).toEqual({ lost: 3 });
  });

  test("an event of another topic, one nobody published, one with other data", () => {
    expect(found({ record: [...goodRecord, event(1, 40)] })).toEqual({ phantom: 1 });
    expect(found({ record: [...goodRecord, `1 5000 event ${id(41)} h41 10`] })).toEqual({ phantom: 1 });
    const cut = goodRecord.map((line) => (line === event(1, 5) ? line.replace(/10$/, "9") : line));
    expect(found({ record: cut })).toEqual({ altered: 1 });
  });

  test("an id that runs ahead of the events", () => {
    const ahead = goodRecord.flatMap((line) => (line === event(1, 21) ? [`1 5000 id ${id(22)}`, line] : [line]));
    expect(found({ record: ahead })).toEqual({ "unsafe-id": 1 });
  });

  test("an event under another's id, a broken stream, a client without a stream", () => {
    const moved = goodRecord.map((line) => (line === event(1, 39) ? `1 5000 event ${id(40)} h39 10` : line));
    expect(found({ record: moved })).toEqual({ "wrong-id": 1 });
    expect(found({ record: [...goodRecord, "1 5000 broken chunk size"] })).toEqual({ "broken-stream": 1 });
    expect(found({ record: [...goodRecord, "3 0 client 1"] })).toEqual({ unserved: 1 });
  });
});

describe("publishes", () => {
  test("accepted and not stored, stored elsewhere, stored twice, refused", () => {
    expect(found({ publications: ["h99 0 accepted 99 1"] })).toEqual({ "accepted-missing": 1 });
    expect(found({ publications: ["h1 0 accepted 2 1"] })).toEqual({ "accepted-missing": 1 });
    expect(found({ publications: ["h1 0 refused - 413"] })).toEqual({ refused: 1 });
    const again = { sequence: 41, at: 2_000, topic: 5, key: "h1", size: 10 };
    expect(found({ journal: [...entries, again] })).toEqual({ "stored-twice": 1 });
  });

  test("a publish of unknown fate may be stored or not", () => {
    expect(judge({ publications: ["h1 0 unknown - timeout", "h99 0 unknown - timeout"] })).toMatchObject({
      unknown: 2,
    });
    expect(found({ publications: ["h1 0 unknown - timeout", "h99 0 unknown - timeout"] })).toEqual({});
  });
});

describe("gaps", () => {
  /** Client 1 sleeps after sequence 19 and comes back when the journal holds the topic's last 5 events: 31 to 39. */
  const resumed = (from: number, to: number, at = 5_000, reason = "expired"): string[] => [
    ...goodRecord.slice(0, goodRecord.indexOf(`1 1011 id ${id(19)}`) + 1).filter((line) => line.startsWith("1 ")),
    `1 ${at} gap 0 ${id(from)} ${id(to)} ${reason}`,
    `1 ${at} id ${id(to)}`,
    ...[31, 33, 35, 37, 39].map((sequence) => event(1, sequence)),
  ];
  const before = resumed(19, 30).indexOf(`1 5000 gap 0 ${id(19)} ${id(30)} expired`);

  test("one that the bounds forced, and told, is right", () => {
    const verdict = judge({ record: resumed(19, 30), maxEvents: 5, publications: [] });
    expect(verdict.offences.first).toEqual([]);
    expect(verdict).toMatchObject({ forcedGaps: 1, expired: 5 });
  });

  test("one that is told in parts is one, though a part may hold nothing; alone such a part is false", () => {
    const gap = (from: number, to: number) => `1 5000 gap 0 ${id(from)} ${id(to)} expired`;
    const inParts = (...parts: string[]) => resumed(19, 30).flatMap((line) => (line === gap(19, 30) ? parts : [line]));
    expect(found({ record: inParts(gap(19, 29), gap(29, 30)), maxEvents: 5 })).toEqual({});
    expect(found({ record: inParts(gap(19, 20), gap(20, 30)), maxEvents: 5 })).toEqual({});
    expect(found({ record: inParts(gap(19, 28), gap(29, 30)), maxEvents: 5 })).toMatchObject({ "false-gap": 1 });
    expect(found({ record: inParts(gap(19, 20), gap(21, 30)), maxEvents: 5 })).toMatchObject({ "false-gap": 1 });
    expect(found({ record: [...resumed(19, 30), gap(39, 40)], maxEvents: 5 })).toEqual({ "false-gap": 1 });
    expect(found({ record: inParts(gap(19, 29), gap(29, 32)), maxEvents: 5 })).toMatchObject({ "wide-gap": 1 });
  });

  test("one that was not forced is a false gap", () => {
    expect(found({ record: resumed(19, 30), maxEvents: 100 })).toEqual({ "false-gap": 1, "wide-gap": 5 });
    expect(found({ record: resumed(19, 30, 1_015), maxEvents: 5 })).toHaveProperty("false-gap", 1);
  });

  test("one that reaches too far", () => {
    const record = resumed(19, 32).filter((line) => line !== event(1, 31));
    expect(found({ record, maxEvents: 5 })).toEqual({ "wide-gap": 1 });
  });

  test("one that is not told is a loss; what comes in spite of one was no gap", () => {
    expect(found({ record: without(resumed(19, 30), before), maxEvents: 5 })).toMatchObject({ lost: 5 });
    expect(found({ record: [...resumed(19, 30), event(1, 21)], maxEvents: 5 })).toEqual({ "false-gap": 1 });
  });

  test("one that begins after what was missed does not cover it", () => {
    expect(found({ record: resumed(23, 30), maxEvents: 5 })).toMatchObject({ lost: 2 });
  });

  test("one over what an id of several topics says it was written may be told of all of them, and of no more", () => {
    const flood = Array.from({ length: 20 }, (_, index) => ({
      ...{ sequence: 41 + index, at: 2_000, topic: 0, key: undefined, size: 3 },
    }));
    const back = (from: number, proof: string) => [
      ...goodRecord.slice(0, goodRecord.indexOf(event(2, 20)) + 1).filter((line) => line.startsWith("2 ")),
      `2 5000 open p3 ${id(20)}${proof}`,
      ...[0, 1].map((topic) => `2 5000 gap ${topic} ${id(from)} ${id(20)} expired`),
      ...Array.from({ length: 20 }, (_, index) => event(2, index + 21)),
    ];
    const of = (record: readonly string[]) => found({ journal: [...entries, ...flood], record, maxEvents: 20 });
    expect(of(back(10, "~a.9.x.00k5f"))).toEqual({});
    expect(of(back(11, "~a.9.x.00k5f"))).toEqual({ "false-gap": 1 });
    expect(of(back(10, ""))).toEqual({ "false-gap": 1 });
  });

  test("events that are none fill the journal too, and are due to nobody", () => {
    const flood = Array.from({ length: 5 }, (_, index) => ({
      ...{ sequence: 41 + index, at: 2_000, topic: 0, key: undefined, size: 3 },
    }));
    const journal = [...entries, ...flood];
    expect(found({ journal })).toEqual({});
    expect(found({ journal, record: resumed(19, 30, 5_000), maxEvents: 10 })).toEqual({});
  });
});

test("in a stream of several topics an event that was found late is counted, and no offence while its topic's order holds", () => {
  const late = goodRecord.filter((line) => line !== event(2, 39));
  const record = [...late, `2 5000 event ${id(40)} h39 10`];
  expect(judge({ record })).toMatchObject({ late: 1 });
  expect(found({ record })).toEqual({});
});

test("the known case of streams of several topics is counted apart, and only just before a reconnect", () => {
  const reopened = (at: number, proof = ""): readonly string[] => {
    const lines = goodRecord.filter((line) => line !== event(2, 19));
    return lines.flatMap((line) => (line === event(2, 22) ? [line, `2 ${at} open p3 ${id(22)}${proof}`] : [line]));
  };
  expect(judge({ record: reopened(1_500) })).toMatchObject({ known: 1 });
  expect(found({ record: reopened(1_500) })).toEqual({});
  expect(found({ record: reopened(20_000) })).toEqual({ lost: 1 });
  expect(found({ record: reopened(1_500, "~4.2.x.00k5f") })).toEqual({ lost: 1 });
  const ofOneTopic = without(goodRecord, goodRecord.indexOf(event(1, 19)));
  expect(found({ record: ofOneTopic })).toHaveProperty("lost", 1);
});
