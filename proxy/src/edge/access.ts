import type { Answer, ResponseHeaders } from "../http/answer.ts";
import { bearerSecret } from "../http/bearer.ts";
import type { Refuse } from "../http/refusals.ts";
import type { Topic, TopicId } from "../hub/event.ts";
import type { EventSink, OpenStream } from "../hub/ports.ts";
import type { Span } from "../hub/tracing.ts";
import type { Exchange, RequestOrigin } from "./exchange.ts";
import { releasedWhenClosed } from "./released-stream.ts";

/** Who asks. */
export interface Caller {
  /** A publish key or a token; undefined when none was sent. */
  readonly secret: string | undefined;
  /** Address that the request counts for. */
  readonly client: string;
  /** The request that is made for them. */
  readonly span?: Span | undefined;
}

export interface AskedTopic {
  readonly topic: Topic;
  readonly topicId: TopicId;
}

/** Why a request may not. Reasons are fit for its sender; `topics` are those that were denied. */
export type AccessRefusal =
  | { readonly kind: "missing"; readonly reason: string }
  | { readonly kind: "invalid"; readonly reason: string }
  | { readonly kind: "denied"; readonly reason: string; readonly topics: readonly string[] }
  | { readonly kind: "unavailable"; readonly reason: string; readonly retryAfterSec: number };

/** Why a stream that was allowed must end. */
export type EndReason = "expired" | "denied" | "unavailable";

export interface StreamAccess {
  readonly kind: "allowed";
  /** Names the token without telling it; undefined when there was none. */
  readonly token: string | undefined;
  /** Calls `end` at most once, in a later turn; the returned function says that the stream is closed. */
  watch(end: (reason: EndReason) => void): () => void;
}

export interface PublishAllowed {
  readonly kind: "allowed";
  /** Names the publisher, the same through rotations of its secret. */
  readonly publisher: string;
}

/** Who may read and publish. Never rejects. */
export interface Access {
  /** All of the topics or none. */
  forSubscribe(caller: Caller, topics: readonly AskedTopic[]): Promise<StreamAccess | AccessRefusal>;
  forPublish(caller: Caller, topic: AskedTopic): Promise<PublishAllowed | AccessRefusal>;
}

export interface CallerRules {
  readonly allowQueryToken: () => boolean;
  readonly clientOf: (origin: RequestOrigin) => string;
}

/** The header wins: it does not end up in anybody's access log. */
export const callerOf = (exchange: Exchange, { allowQueryToken, clientOf }: CallerRules, span?: Span): Caller => {
  const authorization = exchange.header("authorization");
  const fromQuery = (): string | undefined =>
    allowQueryToken() ? new URLSearchParams(exchange.query).get("token") || undefined : undefined;
  return {
    secret: authorization === undefined ? fromQuery() : bearerSecret(authorization),
    client: clientOf(exchange.origin()),
    span,
  };
};

/** The answer to somebody who may not. */
export const accessAnswer = (refusal: AccessRefusal, refuse: Refuse, cors: ResponseHeaders): Answer => {
  switch (refusal.kind) {
    case "missing":
      return refuse("credentials_missing", refusal.reason, cors);
    case "invalid":
      return refuse("credentials_invalid", refusal.reason, cors);
    case "denied":
      return refuse("permission_denied", refusal.reason, cors, { denied: refusal.topics });
    case "unavailable":
      return refuse("verifier_unavailable", refusal.reason, [["Retry-After", String(refusal.retryAfterSec)], ...cors]);
  }
};

/** The last words of a stream whose token no longer allows it. */
const farewell = (reason: EndReason, retryMs: number): Uint8Array =>
  new TextEncoder().encode(`retry: ${retryMs}\nevent: revenprox.auth\ndata: ${JSON.stringify({ reason })}\n\n`);

/** Outside of `opening`, so that a stream does not hold on to all that its opening needed. */
const endOf =
  (sink: EventSink, retryMs: () => number) =>
  (reason: EndReason): void =>
    sink.end(farewell(reason, retryMs()));

/** `open`, with the stream ended when its access is. */
export const opening =
  (access: StreamAccess, retryMs: () => number, open: (sink: EventSink) => OpenStream | Answer) =>
  (sink: EventSink): OpenStream | Answer => {
    const opened = open(sink);
    if (!("writable" in opened) || access.token === undefined) return opened;
    return releasedWhenClosed(opened, access.watch(endOf(sink, retryMs)));
  };
