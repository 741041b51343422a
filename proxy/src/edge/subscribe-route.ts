import type { ResponseHeaders } from "../http/answer.ts";
import { headersBefore } from "../http/header-list.ts";
import { whenThere } from "../hub/soon.ts";
import type { Span } from "../hub/tracing.ts";
import { type Access, accessAnswer, type CallerRules, callerOf } from "./access.ts";
import { corsHeaders } from "./cors.ts";
import type { Exchange } from "./exchange.ts";
import type { Answered } from "./handle.ts";
import { parseStreamQuery } from "./stream-query.ts";
import { streamTopics } from "./stream-topics.ts";
import type { TopicNames } from "./topic-names.ts";
import { noReturn, type OpenerParts, WantedStream } from "./wanted-stream.ts";

export interface SubscribeSettings {
  readonly corsAllowedOrigins: string;
  readonly maxTopicsPerStream: number;
  readonly maxReplayEvents: number;
}

/** Who may read. */
export interface Readers {
  readonly access: Pick<Access, "forSubscribe">;
  readonly callers: CallerRules;
  /** Milliseconds after which a client whose access has ended is to come back, each its own. */
  readonly retryMs: () => number;
}

export interface SubscribeParts extends Omit<OpenerParts, "retryMs"> {
  readonly readers: Readers;
  readonly names: TopicNames;
  readonly settings: () => SubscribeSettings;
}

const streamHeaders: ResponseHeaders = [
  ["Content-Type", "text/event-stream"],
  ["Cache-Control", "no-cache, no-transform"],
  ["X-Accel-Buffering", "no"],
  ["Referrer-Policy", "no-referrer"],
];

/** GET and HEAD /events/{topic} and /events?topic=a&topic=b: opens a stream; answers itself only where none is opened. */
export const subscribeRoute = (parts: SubscribeParts): ((exchange: Exchange, span?: Span) => Answered) => {
  const { readers, names, settings, refuse } = parts;
  const openers: OpenerParts = { ...parts, retryMs: readers.retryMs };
  const headHeaders = headersBefore(streamHeaders);
  const headersOfStream = headersBefore([...streamHeaders, ...noReturn]);
  return (exchange, span) => {
    const { corsAllowedOrigins, maxTopicsPerStream, maxReplayEvents } = settings();
    const cors = corsHeaders(corsAllowedOrigins, exchange.header("origin"));
    const named = streamTopics(names, exchange.path, exchange.query, maxTopicsPerStream);
    if (named.kind === "refused") return refuse("topic_invalid", named.detail, cors);
    const { topics } = named;
    const asked = parseStreamQuery(exchange.query, topics.length, maxReplayEvents);
    if (asked.kind === "refused") return refuse("query_invalid", asked.detail, cors);
    const verdict = readers.access.forSubscribe(callerOf(exchange, readers.callers, span), topics);
    return whenThere(verdict, (access) => {
      if (access.kind !== "allowed") return accessAnswer(access, refuse, cors);
      if (exchange.method === "HEAD") return { status: 200, headers: headHeaders(cors), body: "", endless: true };
      // The header wins: it is what a reconnecting client adds to the URL that it was given.
      const lastEventId = exchange.header("last-event-id") ?? asked.query.lastEventId;
      const request = { ...asked.query, lastEventId, topics };
      exchange.stream(headersOfStream(cors), new WantedStream(openers, { request, access, cors, span }));
      return undefined;
    });
  };
};
