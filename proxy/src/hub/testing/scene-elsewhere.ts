import { formatEventId, parseEventId } from "../event-id.ts";
import type { Block, World } from "./delivery-check.ts";
import type { ModelEntry } from "./model-journal.ts";
import type { Client, Judge, Kind } from "./scene-client.ts";

interface Answer {
  /** The journal's. */
  readonly epoch: number;
  /** So many of what comes next for the client. */
  readonly events: number;
}

/**
 * A client without a connection gets what comes next for it from another process that has read all from the journal,
 * and so has an id that was not written here. What it can prove to lack comes first.
 */
export const goElsewhere = <Check extends Judge>(
  { check, of }: Client<Check>,
  worlds: ReadonlyMap<number, World>,
  { epoch, events }: Answer,
): void => {
  const held = parseEventId(check.lastEventId);
  const world = worlds.get(epoch);
  if (held.kind === "invalid" || world === undefined || worlds.get(held.cursor.epoch) !== world) return;
  const { sequence: place } = held.cursor;
  const lacking = check.lacking ?? [];
  if ([place, ...lacking.map(({ sequence }) => sequence - 1)].some((from) => from < world.removedTo)) return;
  const due = world.entries.filter(({ sequence, event }) => sequence > place && event !== undefined);
  const next = due.flatMap((entry) => blockOf(of, entry, { epoch, place: entry.sequence }));
  check.take([...lacking.flatMap((entry) => blockOf(of, entry, { epoch, place })), ...next.slice(0, events)]);
  check.cut?.(false);
};

const blockOf = <Check>(
  { topics, encoding }: Kind<Check>,
  { sequence, topicId, event }: ModelEntry,
  at: { readonly epoch: number; readonly place: number },
): readonly Block[] => {
  const { topic } = topics.find((each) => each.topicId === topicId) ?? {};
  if (topic === undefined || event === undefined) return [];
  const text = new TextDecoder().decode(event.data);
  const own = formatEventId(at.epoch, sequence);
  const data = encoding === "plain" ? text : JSON.stringify({ topic, id: own, event: "message", data: text });
  return [{ id: formatEventId(at.epoch, at.place), data }];
};
