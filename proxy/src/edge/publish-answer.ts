import type { ErrorCode } from "@revenprox/contract/errors";
import type { Answer, ResponseHeaders } from "../http/answer.ts";
import { problemOf } from "../http/problem.ts";
import type { Refuse } from "../http/refusals.ts";
import { formatEventId } from "../hub/event-id.ts";
import type { Cursor } from "../hub/ports.ts";
import type { BatchResult } from "../hub/publish-batch.ts";
import type { PublishResult } from "../hub/publish-once.ts";

type Refusal = { readonly code: ErrorCode; readonly detail: string };

const refusalOf = (result: Exclude<PublishResult, { kind: "stored" | "sent" }>): Refusal => {
  switch (result.kind) {
    case "unavailable":
      return { code: "journal_unavailable", detail: "NATS, or the journal in it, cannot be reached" };
    case "unknown":
      return { code: "journal_unknown", detail: "no acknowledgement came in time" };
    case "busy":
      return { code: "journal_busy", detail: "the limit on waiting publishes is reached" };
    case "too-large":
      return { code: "event_too_large", detail: `the journal takes at most ${result.limit} bytes` };
    case "conflict":
      return { code: "idempotency_conflict", detail: "what was stored under this key differs" };
    case "journal-off":
      return { code: "journal_off", detail: "an idempotency key cannot be honoured" };
  }
};

/** What answers are made of. */
export interface PublishReplies {
  readonly refuse: Refuse;
  /** Headers of an answer in JSON before those that all answers have. */
  readonly json: (others: ResponseHeaders) => ResponseHeaders;
}

const accepted = (body: string, headers: ResponseHeaders): Answer => ({ status: 202, headers, body: `${body}\n` });

const idOf = ({ epoch, sequence }: Cursor): string => formatEventId(epoch, sequence);

/** 202 with the id, where what was published has one, or the refusal. */
export const publishAnswer = (
  result: PublishResult,
  { refuse, json }: PublishReplies,
  cors: ResponseHeaders,
): Answer => {
  // An id needs no escaping.
  if (result.kind === "stored") return accepted(`{"id":"${idOf(result.cursor)}"}`, json(cors));
  if (result.kind === "sent") return accepted("{}", json(cors));
  const { code, detail } = refusalOf(result);
  return refuse(code, detail, cors);
};

/** 202 with an id, or nothing, or an error for each line in order, or the refusal of the whole. */
export const batchAnswer = (result: BatchResult, replies: PublishReplies, cors: ResponseHeaders): Answer => {
  if (result.kind !== "results") return publishAnswer(result, replies, cors);
  const results = result.results.map((line) => {
    if (line.kind === "stored") return { id: idOf(line.cursor) };
    if (line.kind === "sent") return {};
    const { code, detail } = refusalOf(line);
    return { error: problemOf(code, detail) };
  });
  return accepted(JSON.stringify({ results }), replies.json(cors));
};
