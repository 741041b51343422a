import type { Answer, ResponseHeaders } from "../http/answer.ts";
import { headersBefore } from "../http/header-list.ts";
import { foreignSource } from "../http/origin-rule.ts";
import type { Refuse } from "../http/refusals.ts";
import type { TopicId } from "../hub/event.ts";
import type { Hub } from "../hub/hub.ts";
import type { BatchLine } from "../hub/publish-batch.ts";
import { isLater, type Soon, whenSettled, whenThere } from "../hub/soon.ts";
import type { Span } from "../hub/tracing.ts";
import { type Access, type AskedTopic, accessAnswer, type CallerRules, callerOf } from "./access.ts";
import { corsHeaders } from "./cors.ts";
import type { Body, Exchange } from "./exchange.ts";
import { type Answered, answerOn } from "./handle.ts";
import { isIdempotencyKey, messageIdOf } from "./idempotency-key.ts";
import { batchAnswer, type PublishReplies, publishAnswer } from "./publish-answer.ts";
import { type BatchLimits, largestBatchBytes, parseBatch } from "./published-batch.ts";
import { type BodyKind, bodyKindOf, parseBody } from "./published-body.ts";
import type { Quotas } from "./quotas.ts";
import type { TopicNames } from "./topic-names.ts";
import { tracedStore, withTrace } from "./traced.ts";

/** Who may publish. `foreign-pages-refused`: nobody is asked for a key, but no web page may publish. */
export type PublishAccess =
  | { readonly kind: "credentials"; readonly access: Access; readonly callers: CallerRules }
  | { readonly kind: "foreign-pages-refused" }
  | { readonly kind: "open" };

export interface PublishParts {
  readonly hub: Pick<Hub, "publish" | "publishBatch">;
  readonly access: PublishAccess;
  readonly names: TopicNames;
  readonly settings: () => BatchLimits;
  readonly corsAllowedOrigins: () => string;
  /** Absent: publishers are not limited. */
  readonly quotas?: Quotas | undefined;
  readonly refuse: Refuse;
  /** The answer where something failed that should not. */
  readonly failed: (fault: unknown) => Answer;
  /** Told the status of each answer that is given once the body has come. */
  readonly answered?: ((status: number) => void) | undefined;
}

interface Parts extends PublishParts, PublishReplies {}

/** Who publishes, or the answer to somebody who may not. */
const publisherOf = (
  { access, quotas, refuse }: PublishParts,
  exchange: Exchange,
  asked: AskedTopic,
  { cors, span }: { readonly cors: ResponseHeaders; readonly span: Span | undefined },
): Soon<string | Answer> => {
  const unverified = exchange.header("authorization") ?? "";
  if (access.kind === "open") return unverified;
  if (access.kind === "credentials") {
    const verdict = access.access.forPublish(callerOf(exchange, access.callers, span), asked);
    return whenThere(verdict, (known) =>
      known.kind === "allowed" ? withinQuota(quotas, known.publisher, refuse, cors) : accessAnswer(known, refuse, cors),
    );
  }
  const reason = foreignSource({ host: exchange.header("host"), origin: exchange.header("origin") });
  return reason === undefined ? unverified : refuse("origin_denied", reason, cors);
};

const withinQuota = (
  quotas: Quotas | undefined,
  publisher: string,
  refuse: Refuse,
  cors: ResponseHeaders,
): string | Answer => {
  const waitMs = quotas?.publish(publisher);
  if (waitMs === undefined) return publisher;
  const retry: ResponseHeaders = [["Retry-After", String(Math.ceil(waitMs / 1_000))]];
  return refuse("rate_limited", "this key publishes more often than publish_rate_per_key", [...retry, ...cors]);
};

/** What one request asks for. */
interface Asked {
  readonly topicId: TopicId;
  readonly body: BodyKind;
  /** Of the Idempotency-Key header. */
  readonly key: string | undefined;
  readonly cors: ResponseHeaders;
  readonly span: Span | undefined;
}

interface Published {
  readonly bytes: Uint8Array;
  readonly publisher: string;
}

const publishOne = (
  parts: Parts,
  asked: Asked,
  { bytes, publisher }: Published,
  kind: Exclude<BodyKind, "batch">,
): Soon<Answer> => {
  const { topicId, key, span } = asked;
  const parsed = parseBody(bytes, kind);
  if (parsed.kind === "refused") return parts.refuse(parsed.code, parsed.detail, asked.cors);
  const messageId = key === undefined ? undefined : messageIdOf({ topicId, publisher, key });
  const { hub } = parts;
  const stored =
    span === undefined
      ? hub.publish(topicId, parsed.event, messageId)
      : tracedStore(span, { topicId, events: 1 }, (trace) =>
          hub.publish(topicId, withTrace(parsed.event, trace), messageId),
        );
  return whenThere(stored, (result) => publishAnswer(result, parts, asked.cors));
};

/** A key of the header stands for the batch: each line without a key of its own gets one made of it and its place. */
const publishMany = async (parts: Parts, asked: Asked, { bytes, publisher }: Published): Promise<Answer> => {
  const { topicId, key: shared, span, cors } = asked;
  const parsed = parseBatch(bytes, parts.settings());
  if (parsed.kind === "refused") return parts.refuse(parsed.code, parsed.detail, cors);
  const lines = parsed.lines.map(({ event, key }, index): BatchLine => {
    if (key !== undefined) return { event, messageId: messageIdOf({ topicId, publisher, key }) };
    if (shared === undefined) return { event };
    return { event, messageId: messageIdOf({ topicId, publisher, key: shared, line: index + 1 }) };
  });
  const result = await tracedStore(span, { topicId, events: lines.length }, (trace) =>
    parts.hub.publishBatch(
      topicId,
      trace === undefined ? lines : lines.map((line) => ({ ...line, event: withTrace(line.event, trace) })),
    ),
  );
  return batchAnswer(result, parts, cors);
};

/** Bytes of the largest body that is taken. */
const limitOf = ({ settings }: Parts, { body }: Asked): number =>
  body === "batch" ? largestBatchBytes : settings().maxEventSize;

const tooLarge = (parts: Parts, asked: Asked): Answer => {
  const limit = limitOf(parts, asked);
  return asked.body === "batch"
    ? parts.refuse("batch_too_large", `a batch has at most ${limit} bytes`, asked.cors)
    : parts.refuse("event_too_large", `max_event_size is ${limit} bytes`, asked.cors);
};

const publishBody = (parts: Parts, asked: Asked, publisher: string, body: Body): Answered => {
  switch (body.kind) {
    case "aborted":
      // Nobody is left to answer.
      asked.span?.end({ error: "client_gone" });
      return undefined;
    case "too-large":
      return tooLarge(parts, asked);
    case "bytes": {
      const published = { bytes: body.bytes, publisher };
      return asked.body === "batch"
        ? publishMany(parts, asked, published)
        : publishOne(parts, asked, published, asked.body);
    }
  }
};

const isAnnouncedLarger = (exchange: Exchange, limit: number): boolean =>
  Number(exchange.header("content-length") ?? 0) > limit;

/** Reads the body and answers on the exchange: at once, where the body came with its head and the journal answers at once. */
const answerBody = (parts: Parts, exchange: Exchange, asked: Asked, publisher: string): void => {
  const publish = (body: Body): Answered => publishBody(parts, asked, publisher, body);
  const answer = (answered: Answer | undefined): void => {
    if (answered !== undefined) parts.answered?.(answered.status);
    answerOn(answered, exchange);
  };
  const fail = (fault: unknown): void => answer(parts.failed(fault));
  exchange.readBody(limitOf(parts, asked), (body) => void whenSettled(publish, body, answer, fail));
};

/** Somebody whose token is still being verified: the body must be asked for in this turn, so it is read meanwhile. */
const answerVerified = async (
  parts: Parts,
  exchange: Exchange,
  asked: Asked,
  verified: Promise<string | Answer>,
): Promise<Answer | undefined> => {
  const reading = new Promise<Body>((resolve) => exchange.readBody(limitOf(parts, asked), resolve));
  const publisher = await verified;
  return typeof publisher === "string" ? publishBody(parts, asked, publisher, await reading) : publisher;
};

const encodedBody: ResponseHeaders = [["Accept-Encoding", "identity"]];

/** The refusal of a publish by its headers alone. */
const refusedByHead = ({ refuse }: Parts, exchange: Exchange, cors: ResponseHeaders): Answer | undefined => {
  const key = exchange.header("idempotency-key");
  if (key !== undefined && !isIdempotencyKey(key))
    return refuse("idempotency_key_invalid", "Idempotency-Key is not 1 to 255 visible ASCII characters", cors);
  const encoding = exchange.header("content-encoding")?.toLowerCase() ?? "identity";
  if (encoding !== "identity")
    return refuse("content_encoding_unsupported", "bodies are taken without Content-Encoding", [
      ...encodedBody,
      ...cors,
    ]);
  return undefined;
};

/** POST /events/{topic}: stores an event or a batch; answers 202 with the ids once the journal has them. */
export const publishRoute = (given: PublishParts): ((exchange: Exchange, span?: Span) => Answered) => {
  const parts: Parts = { ...given, json: headersBefore([["Content-Type", "application/json"]]) };
  const { refuse, names, corsAllowedOrigins } = parts;
  return (exchange, span) => {
    const cors = corsHeaders(corsAllowedOrigins(), exchange.header("origin"));
    const named = names.of(exchange.path);
    if (named.kind === "refused") return refuse("topic_invalid", named.detail, cors);
    const publisher = publisherOf(parts, exchange, named.ref, { cors, span });
    const refused = refusedByHead(parts, exchange, cors);
    if (refused !== undefined) return refused;
    const key = exchange.header("idempotency-key");
    const body = bodyKindOf(exchange.header("content-type"));
    const asked: Asked = { topicId: named.ref.topicId, body, key, cors, span };
    if (isAnnouncedLarger(exchange, limitOf(parts, asked)))
      return whenThere(publisher, (known) => (typeof known === "string" ? tooLarge(parts, asked) : known));
    if (isLater(publisher)) return answerVerified(parts, exchange, asked, publisher);
    if (typeof publisher !== "string") return publisher;
    answerBody(parts, exchange, asked, publisher);
    return undefined;
  };
};
