import { isUtf8 } from "node:buffer";
import type { ErrorCode } from "@revenprox/contract/errors";
import type { EventType, PublishedEvent } from "../hub/event.ts";
import { clampRetry, type EventTypeFault, maxEventTypeBytes, parseEventType } from "../hub/event-type.ts";

export type ParsedBody =
  | { readonly kind: "event"; readonly event: PublishedEvent }
  | { readonly kind: "refused"; readonly code: ErrorCode; readonly detail: string };

const refused = (code: ErrorCode, detail: string): ParsedBody => ({ kind: "refused", code, detail });
const invalid = (detail: string): ParsedBody => refused("event_invalid", detail);

const typeFaults: Readonly<Record<Exclude<EventTypeFault, "reserved">, string>> = {
  "line-end": "event contains a line end or NUL",
  "too-long": `event is longer than ${maxEventTypeBytes} bytes`,
  "not-utf8": "event contains half of a surrogate pair",
};

const parsedJson = (text: string): { readonly value: unknown } | undefined => {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

type Part<T> = { readonly kind: "value"; readonly value: T | undefined } | Extract<ParsedBody, { kind: "refused" }>;

const typeOf = (value: unknown): Part<EventType> => {
  if (value === undefined) return { kind: "value", value };
  if (typeof value !== "string") return { kind: "refused", code: "event_invalid", detail: "event must be a string" };
  const parsed = parseEventType(value);
  if (parsed.kind === "default") return { kind: "value", value: undefined };
  if (parsed.kind === "type") return { kind: "value", value: parsed.type };
  if (parsed.reason === "reserved")
    return { kind: "refused", code: "event_type_reserved", detail: "event starts with revenprox." };
  return { kind: "refused", code: "event_invalid", detail: typeFaults[parsed.reason] };
};

const retryOf = (value: unknown): Part<number> => {
  if (value === undefined) return { kind: "value", value };
  const retry = typeof value === "number" ? clampRetry(value) : undefined;
  return retry === undefined
    ? { kind: "refused", code: "event_invalid", detail: "retry must be a whole number of milliseconds" }
    : { kind: "value", value: retry };
};

/** What one JSON text says; `key` is its `idempotency_key`, which is not checked yet. */
export type ParsedJson =
  | (Extract<ParsedBody, { kind: "event" }> & { readonly key?: unknown })
  | Extract<ParsedBody, { kind: "refused" }>;

/** The event in a JSON text; the line of a batch may have a key of its own. */
export const eventOfJson = (text: string, allowed: "body" | "line"): ParsedJson => {
  const json = parsedJson(text);
  if (json === undefined) return invalid(`the ${allowed} is not JSON`);
  if (!isRecord(json.value)) return invalid(`the ${allowed} must be a JSON object`);
  const { idempotency_key: key, ...rest } = json.value;
  const parsed = eventOfRecord(allowed === "line" ? rest : json.value, allowed);
  return parsed.kind === "event" && key !== undefined ? { ...parsed, key } : parsed;
};

const eventOfRecord = (record: Readonly<Record<string, unknown>>, allowed: "body" | "line"): ParsedBody => {
  const { data, event, retry, ...unknown } = record;
  const [unknownKey] = Object.keys(unknown);
  if (unknownKey !== undefined) {
    return invalid(
      `unknown key ${JSON.stringify(unknownKey.slice(0, 64))}; allowed are data, event, retry${allowed === "line" ? ", idempotency_key" : ""}`,
    );
  }
  if (typeof data !== "string") return invalid("data must be a string");
  if (!data.isWellFormed()) return refused("data_not_utf8", "data contains half of a surrogate pair");
  const type = typeOf(event);
  if (type.kind === "refused") return type;
  const wait = retryOf(retry);
  if (wait.kind === "refused") return wait;
  return {
    kind: "event",
    event: {
      data: new TextEncoder().encode(data),
      ...(type.value === undefined ? {} : { type: type.value }),
      ...(wait.value === undefined ? {} : { retry: wait.value }),
    },
  };
};

const parameters = /;.*/s;

const mediaType = (contentType: string | undefined): string | undefined =>
  contentType?.replace(parameters, "").trim().toLowerCase();

/** Whether the body is a batch: one JSON object a line. */
export const isBatch = (contentType: string | undefined): boolean => mediaType(contentType) === "application/x-ndjson";

/** The event in a publish request: `application/json` is an object with data, event and retry; any other type is data as it is. */
export const parseBody = (bytes: Uint8Array, contentType: string | undefined): ParsedBody => {
  if (!isUtf8(bytes)) return refused("data_not_utf8", "the body contains bytes that are not UTF-8");
  return mediaType(contentType) === "application/json"
    ? eventOfJson(new TextDecoder().decode(bytes), "body")
    : { kind: "event", event: { data: bytes } };
};
