import { isUtf8 } from "node:buffer";
import { MsgHdrsImpl } from "@nats-io/nats-core/internal";
import { eventHeaders } from "@revenprox/contract/nats-subjects";
import { copyOf } from "../hub/copy-of.ts";
import type { PublishedEvent } from "../hub/event.ts";
import { clampRetry, parseEventType } from "../hub/event-type.ts";
import type { JournalHeaders } from "./raw-headers.ts";

/** A byte order mark is a character of the type like any other. */
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const digits = /^[0-9]{1,15}$/;

/** Why a message on the bus is no event; it is skipped and its sequence counts as passed. */
export type Malformation = "forged-headers" | "too-large" | "data-not-utf8" | "event-type" | "retry";

export type ReadEvent =
  | { readonly kind: "event"; readonly event: PublishedEvent }
  | { readonly kind: "malformed"; readonly reason: Malformation };

const malformed = (reason: Malformation): ReadEvent => ({ kind: "malformed", reason });

const decodeType = (bytes: Uint8Array): string | undefined => {
  try {
    return utf8.decode(bytes);
  } catch (fault) {
    if (fault instanceof TypeError) return undefined;
    throw fault;
  }
};

/** Undefined: refused. The empty type is the default one. */
const readType = (bytes: Uint8Array): Pick<PublishedEvent, "type"> | undefined => {
  const text = decodeType(bytes);
  const parsed = text === undefined ? undefined : parseEventType(text);
  if (parsed === undefined || parsed.kind === "refused") return undefined;
  return parsed.kind === "type" ? { type: parsed.type } : {};
};

const readRetry = (value: string): Pick<PublishedEvent, "retry"> | undefined => {
  const retry = digits.test(value) ? clampRetry(Number(value)) : undefined;
  return retry === undefined ? undefined : { retry };
};

const readTrace = ({ traceparent, traced }: JournalHeaders): Pick<PublishedEvent, "trace"> =>
  traceparent === undefined ? absent : { trace: { traceparent, decided: traced } };

const absent = {};

/** What a message has to look like. */
export interface MessageRules {
  /** Server headers that this way of delivery adds; any more were forged by a publisher. */
  readonly serverHeaders: number;
  readonly mostBytes: number;
}

export const readEvent = (headers: JournalHeaders, data: Uint8Array, rules: MessageRules): ReadEvent => {
  if (headers.serverHeaders !== rules.serverHeaders) return malformed("forged-headers");
  if (data.length > rules.mostBytes) return malformed("too-large");
  if (!isUtf8(data)) return malformed("data-not-utf8");
  const type = headers.eventType === undefined ? absent : readType(headers.eventType);
  if (type === undefined) return malformed("event-type");
  const retry = headers.retry === undefined ? absent : readRetry(headers.retry);
  if (retry === undefined) return malformed("retry");
  return { kind: "event", event: { data: copyOf(data), ...type, ...retry, ...readTrace(headers) } };
};

/** Header block of an event on its way into the journal. */
export const writeHeaders = (event: PublishedEvent, messageId: string): string =>
  `${preamble}${line("Nats-Msg-Id", messageId)}${eventLines(event)}\r\n`;

/** Header blocks of the events of an atomic batch (ADR-50 of NATS): all are stored, or none. Message ids have no place in it. */
export const writeBatchHeaders = (events: readonly PublishedEvent[], batchId: string): string[] =>
  events.map((event, index) => {
    const place = line("Nats-Batch-Id", batchId) + line("Nats-Batch-Sequence", String(index + 1));
    const commit = index === events.length - 1 ? line("Nats-Batch-Commit", "1") : "";
    return `${preamble}${place}${commit}${eventLines(event)}\r\n`;
  });

/** Headers of an event that is not stored; undefined where it needs none. */
export const writePlainHeaders = (event: PublishedEvent): MsgHdrsImpl | undefined => {
  const fields = eventFields(event);
  if (fields.length === 0) return undefined;
  const headers = new MsgHdrsImpl();
  // Past `append`, which takes white space off the ends: " revenprox.gap" would come back as a reserved type.
  for (const [name, value] of fields) headers.headers.set(name, [value]);
  return headers;
};

const preamble = "NATS/1.0\r\n";
const lineEnd = /[\r\n]/;

/** Throws when the value would begin a header of its own. */
const line = (name: string, value: string): string => {
  if (lineEnd.test(value)) throw new TypeError(`a line end in the header ${name}`);
  return `${name}: ${value}\r\n`;
};

type HeaderField = readonly [name: string, value: string];

const noFields: readonly HeaderField[] = [];

const eventFields = ({ type, retry, trace }: PublishedEvent): readonly HeaderField[] => {
  if (type === undefined && retry === undefined && trace === undefined) return noFields;
  const fields: HeaderField[] = [];
  if (type !== undefined) fields.push([eventHeaders.type, type]);
  if (retry !== undefined) fields.push([eventHeaders.retry, String(retry)]);
  if (trace !== undefined) fields.push([eventHeaders.traceparent, trace.traceparent]);
  if (trace?.decided === true) fields.push([eventHeaders.traced, "1"]);
  return fields;
};

const eventLines = (event: PublishedEvent): string =>
  eventFields(event)
    .map(([name, value]) => line(name, value))
    .join("");
