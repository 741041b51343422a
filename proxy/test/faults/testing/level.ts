import { until } from "../../testing/proxy-process.ts";
import type { Received, StreamClient } from "./stream-client.ts";

/** What a client should have got: ids of accepted events by their data. */
type Accepted = ReadonlyMap<string, string>;

const placeOf = (id: string): { readonly epoch: number; readonly sequence: number } => {
  const [epoch = Number.NaN, sequence = Number.NaN] = id.split("-").map((part) => Number.parseInt(part, 10));
  return { epoch, sequence };
};

const ascends = (before: string, after: string): boolean => {
  const [a, b] = [placeOf(before), placeOf(after)];
  return b.epoch > a.epoch || (b.epoch === a.epoch && b.sequence > a.sequence);
};

const few = (items: readonly string[]): string =>
  `${items.length}: ${items
    .slice(0, 5)
    .map((item) => item.slice(0, 100))
    .join(", ")}`;

/** What is wrong with what a client got; empty when it got each accepted event once and in order. */
export const faultsOf = (got: readonly Received[], accepted: Accepted): readonly string[] => {
  const seen = new Set<string>();
  const doubled: string[] = [];
  const strange: string[] = [];
  const disordered: string[] = [];
  for (const [index, { id, data }] of got.entries()) {
    if (seen.has(data)) doubled.push(`${id} ${data}`);
    seen.add(data);
    if (accepted.get(data) !== id) strange.push(`${id} ${data} (accepted as ${accepted.get(data)})`);
    const before = got[index - 1];
    if (before !== undefined && !ascends(before.id, id)) disordered.push(`${id} after ${before.id}`);
  }
  const lost = [...accepted].filter(([data]) => !seen.has(data)).map(([data, id]) => `${id} ${data}`);
  return Object.entries({ lost, doubled, disordered, strange })
    .filter(([, items]) => items.length > 0)
    .map(([fault, items]) => `${fault} ${few(items)}`);
};

/** Waits until the client has as many events as were accepted, then compares; the stream must still be open. */
export const mustBeLevel = async (client: StreamClient, accepted: Accepted, deadlineMs = 45_000): Promise<void> => {
  const missing = (): boolean => {
    const got = new Set(client.events.map(({ data }) => data));
    return [...accepted.keys()].some((data) => !got.has(data));
  };
  await until(
    "the client to be level",
    () => (client.events.length >= accepted.size && !missing()) || undefined,
    deadlineMs,
  ).catch(
    // What is missing is told below, which says more than that time ran out.
    () => undefined,
  );
  const faults = [...faultsOf(client.events, accepted)];
  if (client.ended !== undefined) faults.push(`the stream ended: ${client.ended}`);
  if (faults.length > 0) throw new Error(`${client.path}: ${faults.join("; ")}; gaps ${JSON.stringify(client.gaps)}`);
};
