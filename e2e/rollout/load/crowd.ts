import type { ProxyTarget } from "../../chaos/load/client.ts";
import type { ReaderRecord } from "../check/verdict.ts";
import { Reader } from "./reader.ts";

export interface CrowdPlan {
  readonly topics: number;
  readonly readersPerTopic: number;
}

/** Readers of many topics, ten or so of each. */
export interface Crowd {
  readonly open: number;
  /** Whether every reader has come to the last number of its topic. */
  isLevel(published: readonly number[]): boolean;
  records(): readonly ReaderRecord[];
  stop(): void;
}

/** Streams asked for each second at the beginning. */
const openedPerSecond = 1_000;

export const gatherCrowd = ({ topics, readersPerTopic }: CrowdPlan, targets: () => readonly ProxyTarget[]): Crowd => {
  let open = 0;
  const readers = Array.from(
    { length: topics * readersPerTopic },
    (_, reader) =>
      new Reader({
        reader,
        topic: reader % topics,
        targets,
        onChange: (opened) => {
          open += opened ? 1 : -1;
        },
      }),
  );
  const waiting = [...readers];
  const timer = setInterval(() => {
    for (const reader of waiting.splice(0, openedPerSecond / 20)) reader.connect();
    if (waiting.length === 0) clearInterval(timer);
  }, 50);
  return {
    get open() {
      return open;
    },
    isLevel: (published) => readers.every((reader) => reader.last === (published[reader.record.topic] ?? 0)),
    records: () => readers.map(({ record }) => record),
    stop: () => {
      clearInterval(timer);
      for (const reader of readers) reader.stop();
    },
  };
};
