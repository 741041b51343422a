import { isUtf8 } from "node:buffer";
import type { ErrorCode } from "@revenprox/contract/errors";
import type { PublishedEvent } from "../hub/event.ts";
import { isIdempotencyKey } from "./idempotency-key.ts";
import { eventOfJson } from "./published-body.ts";

/** Most bytes of a batch's body. */
export const largestBatchBytes = 8_388_608;

/** One event of a batch and the idempotency key of its own, if it has one. */
export interface PublishedLine {
  readonly event: PublishedEvent;
  readonly key?: string;
}

export type ParsedBatch =
  | { readonly kind: "batch"; readonly lines: readonly PublishedLine[] }
  | { readonly kind: "refused"; readonly code: ErrorCode; readonly detail: string };

/** `maxEventSize` bounds each line, as it bounds a body with one event. */
export interface BatchLimits {
  readonly maxBatchEvents: number;
  readonly maxEventSize: number;
}

const refused = (code: ErrorCode, detail: string): ParsedBatch => ({ kind: "refused", code, detail });

const parseLine = (
  text: string,
  maxEventSize: number,
): { readonly kind: "line"; readonly line: PublishedLine } | Extract<ParsedBatch, { kind: "refused" }> => {
  if (text.length > maxEventSize || Buffer.byteLength(text) > maxEventSize)
    return { kind: "refused", code: "event_too_large", detail: `max_event_size is ${maxEventSize} bytes` };
  const parsed = eventOfJson(text, "line");
  if (parsed.kind === "refused") return parsed;
  const { event, key } = parsed;
  if (key === undefined) return { kind: "line", line: { event } };
  return isIdempotencyKey(key)
    ? { kind: "line", line: { event, key } }
    : {
        kind: "refused",
        code: "idempotency_key_invalid",
        detail: "idempotency_key is not 1 to 255 visible characters",
      };
};

/** The events of an `application/x-ndjson` body; one line that cannot be read refuses all. Empty lines are passed over. */
export const parseBatch = (bytes: Uint8Array, { maxBatchEvents, maxEventSize }: BatchLimits): ParsedBatch => {
  if (!isUtf8(bytes)) return refused("data_not_utf8", "the body contains bytes that are not UTF-8");
  const lines: PublishedLine[] = [];
  for (const [index, text] of new TextDecoder().decode(bytes).split("\n").entries()) {
    if (text.trim() === "") continue;
    if (lines.length === maxBatchEvents) return refused("batch_too_large", `max_batch_events is ${maxBatchEvents}`);
    const parsed = parseLine(text, maxEventSize);
    if (parsed.kind === "refused") return refused(parsed.code, `line ${index + 1}: ${parsed.detail}`);
    lines.push(parsed.line);
  }
  return lines.length === 0 ? refused("event_invalid", "the batch has no line") : { kind: "batch", lines };
};
