import type { Msg } from "@nats-io/nats-core";
import { MsgImpl } from "@nats-io/nats-core/internal";

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
const statusLinePrefix = "NATS/1.0".length;

const serverHeaderNames = new Set([
  "Nats-Stream",
  "Nats-Subject",
  "Nats-Sequence",
  "Nats-Time-Stamp",
  "Nats-Last-Sequence",
  "Nats-Num-Pending",
  "Nats-UpTo-Sequence",
]);

const ownHeaderNames = new Set(["Revenprox-Retry", "Revenprox-Traced", "traceparent"]);
/** Longer ones are of a version of Trace Context that does not exist, and are not read. */
const longestTraceHeader = 64;

/** A header block, and the same as text: a character for each byte. */
interface Block {
  readonly block: Uint8Array;
  readonly text: string;
}

type Fields = { -readonly [Key in keyof JournalHeaders]: JournalHeaders[Key] };

const take = (fields: Fields, name: string, value: string): void => {
  switch (name) {
    case "Nats-Sequence":
      fields.sequence = Number(value);
      break;
    case "Nats-Last-Sequence":
      fields.lastSequence = Number(value);
      break;
    case "Nats-Time-Stamp":
      fields.timestamp = Date.parse(value);
      break;
    case "Nats-Num-Pending":
      fields.pending = Number(value);
      break;
    case "Nats-UpTo-Sequence":
      fields.upTo = Number(value);
      break;
    case "Nats-Stream":
      fields.stream = value;
      break;
    case "Nats-Subject":
      fields.subject = value;
      break;
    case "Revenprox-Retry":
      fields.retry = value;
      break;
    case "traceparent":
      fields.traceparent = value;
      break;
    case "Revenprox-Traced":
      fields.traced = true;
      break;
  }
};

/** The server appends its headers, so of several with one name the last one is the server's: later lines overwrite. */
const takeLine = (fields: Fields, { block, text }: Block, from: number, to: number): void => {
  const nameEnd = text.indexOf(":", from);
  if (nameEnd < 0 || nameEnd >= to) return;
  const name = text.slice(from, nameEnd);
  const valueStart = text.charCodeAt(nameEnd + 1) === space ? nameEnd + 2 : nameEnd + 1;
  if (name === "Revenprox-Event") {
    fields.eventType = block.subarray(valueStart, to);
    return;
  }
  if (serverHeaderNames.has(name)) fields.serverHeaders += 1;
  else if (!ownHeaderNames.has(name) || (name !== "Revenprox-Retry" && to - valueStart > longestTraceHeader)) return;
  take(fields, name, text.slice(valueStart, to));
};

/** Reads a raw NATS header block in one pass; numbers that cannot be read are NaN. */
export const scanHeaders = (block: Uint8Array): JournalHeaders => {
  const fields: Fields = {
    status: 0,
    sequence: 0,
    lastSequence: 0,
    timestamp: Number.NaN,
    pending: 0,
    upTo: 0,
    subject: "",
    stream: "",
    serverHeaders: 0,
    eventType: undefined,
    retry: undefined,
    traceparent: undefined,
    traced: false,
  };
  // All of it in one call: one for each name and value costs more than everything else that is done here.
  const text = Buffer.from(block.buffer, block.byteOffset, block.length).toString("latin1");
  const whole = { block, text };
  let end = text.indexOf("\r");
  if (end > statusLinePrefix) fields.status = Number.parseInt(text.slice(statusLinePrefix, end), 10) || 0;
  while (end >= 0) {
    const from = end + 2;
    end = text.indexOf("\r", from);
    if (end > from) takeLine(fields, whole, from, end);
    else break;
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
