import type { Answer, ResponseHeaders } from "../http/answer.ts";
import { foreignSource } from "../http/origin-rule.ts";
import type { Refuse } from "../http/refusals.ts";
import type { TopicId } from "../hub/event.ts";
import type { Hub } from "../hub/hub.ts";
import type { BatchLine } from "../hub/publish-batch.ts";
import type { Span } from "../hub/tracing.ts";
import { type Access, type AskedTopic, accessAnswer, type CallerRules, callerOf } from "./access.ts";
import { corsHeaders } from "./cors.ts";
import type { Exchange } from "./exchange.ts";
import { isIdempotencyKey, messageIdOf } from "./idempotency-key.ts";
import { batchAnswer, publishAnswer } from "./publish-answer.ts";
import { type BatchLimits, largestBatchBytes, parseBatch } from "./published-batch.ts";
import { isBatch, parseBody } from "./published-body.ts";
import type { Quotas } from "./quotas.ts";
import { topicIdOf } from "./topic-id.ts";
import { topicOfPath } from "./topic-path.ts";
import { tracedStore, withTrace } from "./traced.ts";

/** Who may publish. `foreign-pages-refused`: nobody is asked for a key, but no web page may publish. */
export type PublishAccess =
  | { readonly kind: "credentials"; readonly access: Access; readonly callers: CallerRules }
  | { readonly kind: "foreign-pages-refused" }
  | { readonly kind: "open" };

export interface PublishParts {
  readonly hub: Pick<Hub, "publish" | "publishBatch">;
  readonly access: PublishAccess;
  readonly settings: () => BatchLimits;
  readonly corsAllowedOrigins: () => string;
  /** Absent: publishers are not limited. */
  readonly quotas?: Quotas | undefined;
  readonly refuse: Refuse;
}

/** Who publishes, or the answer to somebody who may not. */
const publisherOf = async (
  { access, quotas, refuse }: PublishParts,
  exchange: Exchange,
  asked: AskedTopic,
  { cors, span }: { readonly cors: ResponseHeaders; readonly span: Span | undefined },
): Promise<string | Answer> => {
  const unverified = exchange.header("authorization") ?? "";
  if (access.kind === "open") return unverified;
  if (access.kind === "credentials") {
    const verdict = await access.access.forPublish(callerOf(exchange, access.callers, span), asked);
    if (verdict.kind !== "allowed") return accessAnswer(verdict, refuse, cors);
    const waitMs = quotas?.publish(verdict.publisher);
    if (waitMs === undefined) return verdict.publisher;
    const retry: ResponseHeaders = [["Retry-After", String(Math.ceil(waitMs / 1_000))]];
    return refuse("rate_limited", "this key publishes more often than publish_rate_per_key", [...retry, ...cors]);
  }
  const reason = foreignSource({ host: exchange.header("host"), origin: exchange.header("origin") });
  return reason === undefined ? unverified : refuse("origin_denied", reason, cors);
};

const declaredLength = (exchange: Exchange): number => Number(exchange.header("content-length") ?? 0);

interface Published {
  readonly bytes: Uint8Array;
  readonly topicId: TopicId;
  readonly publisher: string;
  /** Of the Idempotency-Key header. */
  readonly key: string | undefined;
  readonly span: Span | undefined;
}

const publishOne = async (
  { hub, refuse }: PublishParts,
  { bytes, topicId, publisher, key, span }: Published,
  contentType: string | undefined,
  cors: ResponseHeaders,
): Promise<Answer> => {
  const parsed = parseBody(bytes, contentType);
  if (parsed.kind === "refused") return refuse(parsed.code, parsed.detail, cors);
  const messageId = key === undefined ? undefined : messageIdOf({ topicId, publisher, key });
  const result = await tracedStore(span, { topicId, events: 1 }, (trace) =>
    hub.publish(topicId, withTrace(parsed.event, trace), messageId),
  );
  return publishAnswer(result, refuse, cors);
};

/** A key of the header stands for the batch: each line without a key of its own gets one made of it and its place. */
const publishMany = async (
  { hub, refuse, settings }: PublishParts,
  { bytes, topicId, publisher, key: shared, span }: Published,
  cors: ResponseHeaders,
): Promise<Answer> => {
  const parsed = parseBatch(bytes, settings());
  if (parsed.kind === "refused") return refuse(parsed.code, parsed.detail, cors);
  const lines = parsed.lines.map(({ event, key }, index): BatchLine => {
    if (key !== undefined) return { event, messageId: messageIdOf({ topicId, publisher, key }) };
    if (shared === undefined) return { event };
    return { event, messageId: messageIdOf({ topicId, publisher, key: shared, line: index + 1 }) };
  });
  const result = await tracedStore(span, { topicId, events: lines.length }, (trace) =>
    hub.publishBatch(
      topicId,
      trace === undefined ? lines : lines.map((line) => ({ ...line, event: withTrace(line.event, trace) })),
    ),
  );
  return batchAnswer(result, refuse, cors);
};

type Read = { readonly bytes: Uint8Array } | { readonly refusal: Answer | undefined };

/** The body, or the answer to one that is too large; nobody is left to answer when the client is gone. */
const readBounded = async (exchange: Exchange, limit: number, tooLarge: () => Answer): Promise<Read> => {
  if (declaredLength(exchange) > limit) return { refusal: tooLarge() };
  const body = await exchange.readBody(limit);
  if (body.kind === "bytes") return { bytes: body.bytes };
  return { refusal: body.kind === "too-large" ? tooLarge() : undefined };
};

/** What the content type asks for. */
interface Form {
  readonly limit: number;
  tooLarge(): Answer;
  publish(published: Published): Promise<Answer>;
}

const formOf = (parts: PublishParts, contentType: string | undefined, cors: ResponseHeaders): Form => {
  const { refuse } = parts;
  if (isBatch(contentType)) {
    return {
      limit: largestBatchBytes,
      tooLarge: () => refuse("batch_too_large", `a batch has at most ${largestBatchBytes} bytes`, cors),
      publish: (published) => publishMany(parts, published, cors),
    };
  }
  const limit = parts.settings().maxEventSize;
  return {
    limit,
    tooLarge: () => refuse("event_too_large", `max_event_size is ${limit} bytes`, cors),
    publish: (published) => publishOne(parts, published, contentType, cors),
  };
};

/** POST /events/{topic}: stores an event or a batch; answers 202 with the ids once the journal has them. */
export const publishRoute =
  (parts: PublishParts) =>
  async (exchange: Exchange, span?: Span): Promise<Answer | undefined> => {
    const { refuse } = parts;
    const cors = corsHeaders(parts.corsAllowedOrigins(), exchange.header("origin"));
    const parsed = topicOfPath(exchange.path);
    if (parsed.kind === "refused") return refuse("topic_invalid", parsed.detail, cors);
    const topicId = topicIdOf(parsed.topic);
    const publisher = publisherOf(parts, exchange, { topic: parsed.topic, topicId }, { cors, span });
    const key = exchange.header("idempotency-key");
    if (key !== undefined && !isIdempotencyKey(key))
      return refuse("idempotency_key_invalid", "Idempotency-Key is not 1 to 255 visible ASCII characters", cors);
    const { limit, tooLarge, publish } = formOf(parts, exchange.header("content-type"), cors);
    // The body must be asked for in this turn, so it is read while the token is verified.
    const reading = readBounded(exchange, limit, tooLarge);
    const known = await publisher;
    if (typeof known !== "string") return known;
    const body = await reading;
    if ("refusal" in body) return body.refusal;
    return publish({ bytes: body.bytes, topicId, publisher: known, key, span });
  };
