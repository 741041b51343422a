import { deepEqual } from "node:assert/strict";
import { type Bench, type Opened, received, type Sent } from "./bench.ts";
import { type ConformanceCase, readers } from "./case.ts";

const typesOf = (events: readonly Sent[]): readonly string[] => [
  ...new Set(events.flatMap(({ event }) => (event === undefined || event === "" ? [] : [event]))),
];

/** Publishes the events one after the other; gives their ids. */
export const sendAll = async (bench: Bench, events: readonly Sent[], port?: number): Promise<readonly string[]> => {
  const ids: string[] = [];
  for (const event of events) ids.push(await bench.send(event, port));
  return ids;
};

/** Each reader must get exactly these events next. */
export const mustReceive = async (
  opened: readonly Opened[],
  events: readonly Sent[],
  ids: readonly string[],
): Promise<void> => {
  const expected = events.map((event, index) => received(event, ids[index] ?? ""));
  await Promise.all(
    opened.map(async ({ name, listener }) =>
      deepEqual(await listener.take(events.length), expected, `read by ${name}`),
    ),
  );
};

/** Readers must have nothing that they were not asked for. */
export const mustBeSilent = async (opened: readonly Opened[]): Promise<void> => {
  for (const { name, listener } of opened) deepEqual(await listener.rest(), [], `further events read by ${name}`);
};

const last: Sent = { data: "last" };

/** A case in which published events must come out of every reader as they went in, and nothing else. */
export const delivers = (
  words: Pick<ConformanceCase, "name" | "demand" | "section" | "wpt">,
  events: readonly Sent[],
): ConformanceCase => ({
  ...words,
  judges: readers,
  run: async (bench) => {
    const opened = await bench.openAll({ types: typesOf(events) });
    const all = [...events, last];
    await mustReceive(opened, all, await sendAll(bench, all));
    await mustBeSilent(opened);
  },
});
