import { isUtf8 } from "node:buffer";
import { MsgHdrsImpl } from "@nats-io/nats-core/internal";
import { eventHeaders } from "@revenprox/contract/nats-subjects";
import type { EventTrace, PublishedEvent } from "../hub/event.ts";
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
  return { kind: "event", event: { data: data.slice(), ...type, ...retry, ...readTrace(headers) } };
};

/** Headers of an event on its way into the journal. */
export const writeHeaders = (event: PublishedEvent, messageId: string): MsgHdrsImpl => {
  const headers = new MsgHdrsImpl();
  headers.append("Nats-Msg-Id", messageId);
  return writeEventHeaders(event, headers);
};

/** Headers of the events of an atomic batch (ADR-50 of NATS): all are stored, or none. Message ids have no place in it. */
export const writeBatchHeaders = (events: readonly PublishedEvent[], batchId: string): MsgHdrsImpl[] =>
  events.map((event, index) => {
    const headers = new MsgHdrsImpl();
    headers.append("Nats-Batch-Id", batchId);
    headers.append("Nats-Batch-Sequence", String(index + 1));
    if (index === events.length - 1) headers.append("Nats-Batch-Commit", "1");
    return writeEventHeaders(event, headers);
  });

/** Headers of an event that is not stored; undefined where it needs none. */
export const writePlainHeaders = (event: PublishedEvent): MsgHdrsImpl | undefined => {
  const isData = event.type === undefined && event.retry === undefined && event.trace === undefined;
  return isData ? undefined : writeEventHeaders(event, new MsgHdrsImpl());
};

const writeEventHeaders = (event: PublishedEvent, headers: MsgHdrsImpl): MsgHdrsImpl => {
  // Past `append`, which takes white space off the ends: " revenprox.gap" would come back as a reserved type.
  if (event.type !== undefined) headers.headers.set(eventHeaders.type, [event.type]);
  if (event.retry !== undefined) headers.append(eventHeaders.retry, String(event.retry));
  if (event.trace !== undefined) writeTrace(event.trace, headers);
  return headers;
};

const writeTrace = ({ traceparent, decided }: EventTrace, headers: MsgHdrsImpl): void => {
  headers.append(eventHeaders.traceparent, traceparent);
  if (decided) headers.append(eventHeaders.traced, "1");
};
