import type { PublishedEvent, Topic } from "./event.ts";

/** Why a stream was told that events are missing. */
export type GapReason =
  | "expired"
  | "reset"
  | "future"
  | "invalid"
  /** The journal did not give in time what is known to be stored; the stream's other topics waited for it. */
  | "unreadable"
  /** The client was too slow for `backpressure_policy`; the events may still be in the journal. */
  | "slow_consumer"
  /** A resume may replay no more; the events may still be in the journal. */
  | "replay_limit"
  /** There is no journal, and what lay in between was not heard here. */
  | "not_stored";

export interface Gap {
  readonly topic: Topic;
  /** The last id before the gap; null when the client's own could not be read. Empty: there are no ids. */
  readonly from: string | null;
  /** The id after which the stream goes on; empty as above. */
  readonly to: string;
  readonly reason: GapReason;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const utf8 = new TextEncoder();
const dataField = utf8.encode("data: ");

export const keepaliveFrame = utf8.encode(":\n\n");

/** The data stays bytes: CRLF, CR and LF each begin a new `data:` line, with one space, which parsers take away. */
export const eventFrame = (id: string, event: PublishedEvent): Uint8Array => {
  const breaks = lineBreaks(event.data);
  return breaks.length === 0 && isDataAlone(event) ? frameOfData(id, event.data) : frameOfLines(id, event, breaks);
};

/** Its head is ASCII then, and short. */
const isDataAlone = ({ type, retry }: PublishedEvent): boolean => type === undefined && retry === undefined;

const frameOfData = (id: string, data: Uint8Array): Uint8Array => {
  const head = `${idLine(id)}data: `;
  const frame = Buffer.allocUnsafe(head.length + data.length + 2);
  for (let at = 0; at < head.length; at += 1) frame[at] = head.charCodeAt(at);
  frame.set(data, head.length);
  frame[frame.length - 2] = lineFeed;
  frame[frame.length - 1] = lineFeed;
  return frame;
};

const frameOfLines = (id: string, event: PublishedEvent, breaks: readonly number[]): Uint8Array => {
  const head = utf8.encode(headOf(id, event));
  const { data } = event;
  const dropped = breaks.reduce((sum, at) => sum + breakLength(data, at), 0);
  const size = head.length + (breaks.length + 1) * (dataField.length + 1) + data.length - dropped + 1;
  const frame = Buffer.allocUnsafe(size);
  frame.set(head);
  let offset = head.length;
  let from = 0;
  for (const at of breaks) {
    offset = putLine(frame, offset, data.subarray(from, at));
    from = at + breakLength(data, at);
  }
  offset = putLine(frame, offset, from === 0 ? data : data.subarray(from));
  frame[offset] = lineFeed;
  return frame;
};

/** An empty id would take away the one that a client holds, so it is left out. */
const idLine = (id: string): string => (id === "" ? "" : `id: ${id}\n`);

const noFrame = new Uint8Array(0);

/**
 * An id alone dispatches nothing, yet becomes the client's last event id (WHATWG, "dispatch the event" step 1).
 * No bytes where there is none.
 */
export const idFrame = (id: string): Uint8Array => (id === "" ? noFrame : utf8.encode(`id: ${id}\n\n`));

export const keepaliveIdFrame = (id: string): Uint8Array => utf8.encode(`:\n${idLine(id)}\n`);

/** The last thing that a stream is told which cannot go on; `code` is one of the catalogue of errors. */
export const errorFrame = (code: string): Uint8Array =>
  utf8.encode(`event: revenprox.error\ndata: ${JSON.stringify({ code })}\n\n`);

export const retryFrame = (milliseconds: number): Uint8Array => utf8.encode(`retry: ${milliseconds}\n\n`);

/** A stream's first block: with it even a client that never saw an event resumes at the right place. */
export const primingFrame = (milliseconds: number, id: string): Uint8Array =>
  utf8.encode(`retry: ${milliseconds}\n${idLine(id)}\n`);

/** Only with an id one can come back for what is missing. */
const isRecoverable = ({ reason, to }: Gap): boolean =>
  to !== "" && (reason === "slow_consumer" || reason === "replay_limit");

/** The gap itself carries no id: the client's place does not move with it. */
export const gapFrame = (gap: Gap): Uint8Array => {
  const { topic, from, to, reason } = gap;
  const recoverable = isRecoverable(gap);
  const data = JSON.stringify({ topic, from: from || null, to: to || null, reason, recoverable });
  return utf8.encode(`event: revenprox.gap\ndata: ${data}\n\n`);
};

/** Gaps that all end at `to`, and the id block that takes the client there. */
export const gapFrames = (gaps: readonly Gap[], to: string): Uint8Array =>
  joinFrames([...gaps.map(gapFrame), idFrame(to)]);

export const joinFrames = (frames: readonly Uint8Array[]): Uint8Array => {
  const [first] = frames;
  if (frames.length === 1 && first !== undefined) return first;
  const joined = new Uint8Array(frames.reduce((sum, frame) => sum + frame.length, 0));
  let offset = 0;
  for (const frame of frames) {
    joined.set(frame, offset);
    offset += frame.length;
  }
  return joined;
};

const headOf = (id: string, event: PublishedEvent): string => {
  const type = event.type === undefined ? "" : `event: ${event.type}\n`;
  const retry = event.retry === undefined ? "" : `retry: ${event.retry}\n`;
  return `${idLine(id)}${type}${retry}`;
};

const noBreaks: readonly number[] = [];

/** Offsets of the first byte of each line break. */
const lineBreaks = (data: Uint8Array): readonly number[] => {
  if (data.indexOf(lineFeed) === -1 && data.indexOf(carriageReturn) === -1) return noBreaks;
  const breaks: number[] = [];
  for (let at = 0; at < data.length; at += 1) {
    if (data[at] !== lineFeed && data[at] !== carriageReturn) continue;
    breaks.push(at);
    at += breakLength(data, at) - 1;
  }
  return breaks;
};

const breakLength = (data: Uint8Array, at: number): number =>
  data[at] === carriageReturn && data[at + 1] === lineFeed ? 2 : 1;

const putLine = (frame: Uint8Array, offset: number, line: Uint8Array): number => {
  frame.set(dataField, offset);
  frame.set(line, offset + dataField.length);
  const end = offset + dataField.length + line.length;
  frame[end] = lineFeed;
  return end + 1;
};
