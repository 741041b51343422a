import type { Answer, ResponseHeaders } from "../http/answer.ts";
import { bearerSecret } from "../http/bearer.ts";
import type { Refuse } from "../http/refusals.ts";
import type { Topic, TopicId } from "../hub/event.ts";
import type { EventSink, OpenStream } from "../hub/ports.ts";
import type { Soon } from "../hub/soon.ts";
import type { Span } from "../hub/tracing.ts";
import type { Exchange, RequestOrigin } from "./exchange.ts";
import { queryParameters } from "./query-parameters.ts";

/** Who asks. */
export interface Caller {
  /** A publish key or a token; undefined when none was sent. */
  readonly secret: string | undefined;
  /** Address that the request counts for; to be asked in the turn in which the request came. */
  readonly client: () => string;
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
  /** Ends the stream at most once, in a later turn; what is returned is released when the stream is closed. */
  watch(stream: { end(reason: EndReason): void }): { release(): void };
}

export interface PublishAllowed {
  readonly kind: "allowed";
  /** Names the publisher, the same through rotations of its secret. */
  readonly publisher: string;
}

/** Who may read and publish. Never rejects. */
export interface Access {
  /** All of the topics or none. */
  forSubscribe(caller: Caller, topics: readonly AskedTopic[]): Soon<StreamAccess | AccessRefusal>;
  forPublish(caller: Caller, topic: AskedTopic): Soon<PublishAllowed | AccessRefusal>;
}

export interface CallerRules {
  readonly allowQueryToken: () => boolean;
  readonly clientOf: (origin: RequestOrigin) => string;
}

/** The header wins: it does not end up in anybody's access log. */
export const callerOf = (exchange: Exchange, { allowQueryToken, clientOf }: CallerRules, span?: Span): Caller => {
  const authorization = exchange.header("authorization");
  return {
    secret: authorization === undefined ? secretInQuery(exchange, allowQueryToken) : bearerSecret(authorization),
    client: () => clientOf(exchange.origin()),
    span,
  };
};

const secretInQuery = ({ query }: Exchange, allowQueryToken: () => boolean): string | undefined =>
  query !== "" && allowQueryToken() ? queryParameters(query).first("token") || undefined : undefined;

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

/** A stream that is ended when its access is. It holds on to nothing of what its opening needed. */
class GrantedStream implements OpenStream {
  readonly #opened: OpenStream;
  readonly #sink: EventSink;
  readonly #retryMs: () => number;
  readonly #grant: { release(): void };

  constructor(opened: OpenStream, sink: EventSink, access: StreamAccess, retryMs: () => number) {
    this.#opened = opened;
    this.#sink = sink;
    this.#retryMs = retryMs;
    this.#grant = access.watch(this);
  }

  end(reason: EndReason): void {
    this.#sink.end(farewell(reason, this.#retryMs()));
  }

  writable(): void {
    this.#opened.writable();
  }

  closed(): void {
    this.#grant.release();
    this.#opened.closed();
  }
}

type Open = (sink: EventSink) => OpenStream | Answer;

/** `open`, with the stream ended when its access is. */
export const opening = (access: StreamAccess, retryMs: () => number, open: Open): Open => {
  if (access.token === undefined) return open;
  return (sink) => {
    const opened = open(sink);
    return "writable" in opened ? new GrantedStream(opened, sink, access, retryMs) : opened;
  };
};
