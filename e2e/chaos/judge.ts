import type { NatsConnection } from "@nats-io/nats-core";
import { createChecker, type Verdict } from "./check/checker.ts";
import { JournalTap, type WholeJournal } from "./check/journal-tap.ts";
import { parseObservation } from "./check/record.ts";
import { unnoticed } from "./check/tampering.ts";
import { createTruth } from "./check/truth.ts";
import { instance } from "./fleet/proxy-node.ts";
import { topicIdOf } from "./load/direct-publish.ts";
import { keyOf } from "./load/event-data.ts";
import { openLineFile } from "./load/line-file.ts";
import { eachLine } from "./read-lines.ts";

/** Begins to read the journal of a run. */
export const tapJournal = (nats: NatsConnection, topicCount: number): JournalTap => {
  const topics = new Map(Array.from({ length: topicCount }, (_, topic) => [topicIdOf(topic), topic]));
  const tap = new JournalTap({ nats, instance, topicOf: (topicId) => topics.get(topicId), keyOf });
  tap.start();
  return tap;
};

export interface RecordFiles {
  readonly recordFiles: readonly string[];
  readonly publicationFile: string;
  /** Where the journal is written down, one entry a line. */
  readonly journalFile: string;
}

export interface Judgement {
  readonly verdict: Verdict;
  /** What makes the run or its checker worthless, or was found in the journal itself. */
  readonly faults: readonly string[];
}

/** All lines of the first client with one topic that got enough to be spoilt. */
const oneClient = async (file: string): Promise<readonly string[]> => {
  const candidates = new Map<number, string[]>();
  await eachLine(file, (line) => {
    const seen = parseObservation(line);
    if (seen.kind === "client" && seen.topics.length === 1 && candidates.size < 20) candidates.set(seen.client, []);
    candidates.get(seen.client)?.push(line);
  });
  return [...candidates.values()].sort((one, other) => other.length - one.length)[0] ?? [];
};

/** Compares the record files of a run with its journal, and the checker with a spoilt record. */
export const judgeRun = async (
  maxEventsPerTopic: number,
  journal: WholeJournal,
  files: RecordFiles,
): Promise<Judgement> => {
  const journalRecord = openLineFile(files.journalFile);
  for (const { sequence, at, topic, key, size } of journal.entries)
    journalRecord.write(`${sequence} ${at} ${topic} ${key ?? "-"} ${size}`);
  journalRecord.close();
  const truth = createTruth(journal.entries, maxEventsPerTopic);
  const checker = createChecker(truth);
  for (const file of files.recordFiles) await eachLine(file, checker.observe);
  await eachLine(files.publicationFile, checker.publication);
  const spoilt = unnoticed(truth, await oneClient(files.recordFiles[0] ?? ""));
  const blind = spoilt.map((name) => `the checker does not notice ${name} in this very record`);
  return { verdict: checker.finish(), faults: [...journal.faults, ...blind] };
};
