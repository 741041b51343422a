import type { Msg } from "@nats-io/nats-core";
import { MsgImpl } from "@nats-io/nats-core/internal";
import { eventHeaders } from "@revenprox/contract/nats-subjects";
import { readDecimal } from "./decimal.ts";
import { readTimestamp } from "./timestamp.ts";

/** A message as it came: header block and payload are views of the read buffer, gone once the callback returns. */
export interface RawMessage {
  readonly headers: Uint8Array;
  readonly data: Uint8Array;
}

/** What the server says about a stored message, plus the publisher's own event headers. */
export interface JournalHeaders {
  /** Status of a reply without message (`204`, `404`, ...); 0 for a message. */
  readonly status: number;
  readonly sequence: number;
  /** Live: the subject's last sequence before this one. In a direct get: of the message before it in the batch. */
  readonly lastSequence: number;
  /** Milliseconds of the server's clock. */
  readonly timestamp: number;
  readonly pending: number;
  readonly upTo: number;
  readonly subject: string;
  /** The stream that has the message: the journal's, or its mirror. */
  readonly stream: string;
  /** Server headers in the block, by name: more than the server adds means that a publisher forged some. */
  readonly serverHeaders: number;
  readonly eventType: Uint8Array | undefined;
  readonly retry: string | undefined;
  readonly traceparent: string | undefined;
  /** A proxy has decided that the trace is recorded. */
  readonly traced: boolean;
}

/** Server headers of a message as its publisher sent it. */
export const publishedServerHeaders = 0;
/** Server headers of a message that RePublish sent: stream, subject, sequence, time stamp, last sequence. */
export const republishedServerHeaders = 5;
/** Server headers of a message of a batch direct get: the same and `Nats-Num-Pending`. */
export const batchServerHeaders = 6;

const space = 0x20;
const colon = 0x3a;
const carriageReturn = 0x0d;
const statusLinePrefix = "NATS/1.0".length;
/** Longer ones are of a version of Trace Context that does not exist, and are not read. */
const longestTraceHeader = 64;

type Field = "stream" | "subject" | "sequence" | "timestamp" | "lastSequence" | "pending" | "upTo";
type OwnField = "eventType" | "retry" | "traceparent" | "traced";

interface KnownHeader {
  readonly name: Buffer;
  readonly field: Field | OwnField;
  /** Only the server may write it. */
  readonly ofServer: boolean;
}

const known = (ofServer: boolean, names: readonly (readonly [string, Field | OwnField])[]): readonly KnownHeader[] =>
  names.map(([name, field]) => ({ name: Buffer.from(name), field, ofServer }));

const knownHeaders = [
  ...known(true, [
    ["Nats-Stream", "stream"],
    ["Nats-Subject", "subject"],
    ["Nats-Sequence", "sequence"],
    ["Nats-Time-Stamp", "timestamp"],
    ["Nats-Last-Sequence", "lastSequence"],
    ["Nats-Num-Pending", "pending"],
    ["Nats-UpTo-Sequence", "upTo"],
  ]),
  ...known(false, [
    [eventHeaders.type, "eventType"],
    [eventHeaders.retry, "retry"],
    [eventHeaders.traceparent, "traceparent"],
    [eventHeaders.traced, "traced"],
  ]),
];

/** By the length of the name: a look-up by the name itself would take a string of each. */
const byLength: readonly (readonly KnownHeader[])[] = Array.from({ length: 20 }, (_, length) =>
  knownHeaders.filter(({ name }) => name.length === length),
);

const isAt = (name: Buffer, bytes: Uint8Array, at: number): boolean => {
  for (let index = 0; index < name.length; index += 1) if (bytes[at + index] !== name[index]) return false;
  return true;
};

const knownAt = (bytes: Uint8Array, from: number, to: number): KnownHeader | undefined => {
  for (const header of byLength[to - from] ?? []) if (isAt(header.name, bytes, from)) return header;
  return undefined;
};

const latin1 = (bytes: Uint8Array, from: number, to: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString("latin1");

/** Of a header block; texts are read from it when they are asked for, which must be before the bytes are reused. */
class HeaderFields implements JournalHeaders {
  readonly #bytes: Uint8Array;
  status = 0;
  sequence = 0;
  lastSequence = 0;
  timestamp = Number.NaN;
  pending = 0;
  upTo = 0;
  serverHeaders = 0;
  eventType: Uint8Array | undefined = undefined;
  retry: string | undefined = undefined;
  traceparent: string | undefined = undefined;
  traced = false;
  #subjectAt = 0;
  #subjectEnd = 0;
  #streamAt = 0;
  #streamEnd = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get subject(): string {
    return latin1(this.#bytes, this.#subjectAt, this.#subjectEnd);
  }

  get stream(): string {
    return latin1(this.#bytes, this.#streamAt, this.#streamEnd);
  }

  /** The server appends its headers, so of several with one name the last one is the server's: later ones overwrite. */
  take({ field, ofServer }: KnownHeader, from: number, to: number): void {
    const bytes = this.#bytes;
    if (ofServer) this.serverHeaders += 1;
    switch (field) {
      case "sequence":
      case "lastSequence":
      case "pending":
      case "upTo":
        this[field] = readDecimal(bytes, from, to);
        break;
      case "timestamp":
        this.timestamp = readTimestamp(bytes, from, to);
        break;
      case "stream":
        this.#streamAt = from;
        this.#streamEnd = to;
        break;
      case "subject":
        this.#subjectAt = from;
        this.#subjectEnd = to;
        break;
      case "eventType":
        this.eventType = bytes.subarray(from, to);
        break;
      case "retry":
        this.retry = latin1(bytes, from, to);
        break;
      default:
        if (to - from <= longestTraceHeader) this.#takeTrace(field, from, to);
    }
  }

  #takeTrace(field: "traceparent" | "traced", from: number, to: number): void {
    if (field === "traced") this.traced = true;
    else this.traceparent = latin1(this.#bytes, from, to);
  }
}

/** Offset of the next `\r`, or of the end. */
const lineEndFrom = (bytes: Uint8Array, from: number, to: number): number => {
  let at = from;
  while (at < to && bytes[at] !== carriageReturn) at += 1;
  return at;
};

const takeLine = (fields: HeaderFields, bytes: Uint8Array, from: number, to: number): void => {
  let at = from;
  while (at < to && bytes[at] !== colon) at += 1;
  const header = at < to ? knownAt(bytes, from, at) : undefined;
  if (header !== undefined) fields.take(header, bytes[at + 1] === space ? at + 2 : at + 1, to);
};

/** Reads a raw NATS header block in one pass; numbers that cannot be read are NaN. */
export const scanHeaders = (bytes: Uint8Array, start = 0, end = bytes.length): JournalHeaders => {
  const fields = new HeaderFields(bytes);
  const statusAt = start + statusLinePrefix;
  let lineEnd = lineEndFrom(bytes, start, end);
  if (lineEnd > statusAt) fields.status = Number.parseInt(latin1(bytes, statusAt, lineEnd), 10) || 0;
  while (lineEnd < end) {
    const from = lineEnd + 2;
    lineEnd = lineEndFrom(bytes, from, end);
    // The block ends with an empty line.
    if (lineEnd === from || lineEnd === end) break;
    takeLine(fields, bytes, from, lineEnd);
  }
  return fields;
};

const noHeaders = new Uint8Array(0);

/** The client gives out only a parsed map of the headers, which costs more and hides which value came last. */
export const rawMessage = (message: Msg): RawMessage => {
  if (!(message instanceof MsgImpl)) throw new TypeError("a message of another NATS client");
  const { _msg: frame, _rdata: bytes } = message;
  if (frame.hdr <= 0) return { headers: noHeaders, data: bytes };
  return { headers: bytes.subarray(0, frame.hdr), data: bytes.subarray(frame.hdr) };
};
