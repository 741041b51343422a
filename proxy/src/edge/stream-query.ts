import type { FrameEncoding } from "../hub/frame-encoding.ts";
import type { JournalPlace } from "../hub/ports.ts";
import { type QueryParameters, queryParameters } from "./query-parameters.ts";

/** What a subscription's query asks for besides its topics. */
export interface StreamQuery {
  readonly lastEventId: string | undefined;
  readonly bootstrap: JournalPlace | undefined;
  readonly encoding: FrameEncoding;
}

export type ParsedStreamQuery =
  | { readonly kind: "query"; readonly query: StreamQuery }
  | { readonly kind: "refused"; readonly detail: string };

type ParsedPlace = { readonly place: JournalPlace | undefined } | { readonly fault: string };

const rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/i;

const nothingParsed: ParsedStreamQuery = {
  kind: "query",
  query: { lastEventId: undefined, bootstrap: undefined, encoding: "plain" },
};

/** `maxEvents` bounds what `last` may ask for, over all topics of the stream. */
export const parseStreamQuery = (text: string, topics: number, maxEvents: number): ParsedStreamQuery => {
  if (text === "") return nothingParsed;
  const parameters = queryParameters(text);
  const place = placeOf(parameters, topics, maxEvents);
  if ("fault" in place) return { kind: "refused", detail: place.fault };
  const envelope = parameters.first("envelope");
  if (envelope !== undefined && envelope !== "json") return { kind: "refused", detail: "envelope can only be json" };
  return {
    kind: "query",
    query: {
      lastEventId: parameters.first("lastEventId"),
      bootstrap: place.place,
      encoding: envelope === undefined ? "plain" : "envelope",
    },
  };
};

const placeOf = (parameters: QueryParameters, topics: number, maxEvents: number): ParsedPlace => {
  const [last, since] = [parameters.first("last"), parameters.first("since")];
  if (last !== undefined && since !== undefined) return { fault: "last and since cannot both be given" };
  if (last !== undefined) return lastOf(last, topics, maxEvents);
  return since === undefined ? { place: undefined } : sinceOf(since);
};

const lastOf = (text: string, topics: number, maxEvents: number): ParsedPlace => {
  const last = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  const most = Math.floor(maxEvents / topics);
  if (most === 0) return { fault: `max_replay_events is ${maxEvents}, too few for last with ${topics} topics` };
  if (last >= 1 && last <= most) return { place: { last } };
  const bound = topics === 1 ? `${most}` : `${most} with ${topics} topics`;
  return { fault: `last must be a whole number from 1 to ${bound} (max_replay_events is ${maxEvents})` };
};

/** Whether the calendar has the day and the clock the hour; Date takes February 30 for March 2. */
const isCalendarTime = (text: string): boolean => {
  const local = text.slice(0, "2026-01-31T12:00:00".length).toUpperCase();
  const parsed = Date.parse(`${local}Z`);
  return !Number.isNaN(parsed) && new Date(parsed).toISOString().startsWith(local);
};

const sinceOf = (text: string): ParsedPlace => {
  const since = rfc3339.test(text) && isCalendarTime(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(since)) return { place: { since } };
  return { fault: "since must be a time as in RFC 3339, such as 2026-01-31T12:00:00Z" };
};
