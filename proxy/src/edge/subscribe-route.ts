import type { Answer, ResponseHeaders } from "../http/answer.ts";
import type { Refuse } from "../http/refusals.ts";
import type { Hub } from "../hub/hub.ts";
import type { OpenStream } from "../hub/ports.ts";
import { corsHeaders } from "./cors.ts";
import type { Exchange } from "./exchange.ts";
import { topicIdOf } from "./topic-id.ts";
import { topicOfPath } from "./topic-path.ts";

export interface SubscribeParts {
  readonly hub: Pick<Hub, "open">;
  readonly corsAllowedOrigins: () => string;
  readonly refuse: Refuse;
}

const details = {
  connections_exhausted: "the limit on open streams is reached",
  draining: "new streams are no longer taken",
} as const;

const streamHeaders: ResponseHeaders = [
  ["Content-Type", "text/event-stream"],
  ["Cache-Control", "no-cache, no-transform"],
  ["X-Accel-Buffering", "no"],
  ["Referrer-Policy", "no-referrer"],
];

/** The header wins: it is what a reconnecting client adds to the URL that it was given. */
const lastEventIdOf = (exchange: Exchange): string | undefined =>
  exchange.header("last-event-id") ?? new URLSearchParams(exchange.query).get("lastEventId") ?? undefined;

/** GET and HEAD /events/{topic}: opens a stream; answers itself only where none is opened. */
export const subscribeRoute =
  ({ hub, corsAllowedOrigins, refuse }: SubscribeParts) =>
  (exchange: Exchange): Answer | undefined => {
    const cors = corsHeaders(corsAllowedOrigins(), exchange.header("origin"));
    const parsed = topicOfPath(exchange.path);
    if (parsed.kind === "refused") return refuse("topic_invalid", parsed.detail, cors);
    const headers = [...streamHeaders, ...cors];
    if (exchange.method === "HEAD") return { status: 200, headers, body: "" };
    const request = { topic: parsed.topic, topicId: topicIdOf(parsed.topic), lastEventId: lastEventIdOf(exchange) };
    exchange.stream(headers, (sink): OpenStream | Answer => {
      const opened = hub.open(request, sink);
      return "writable" in opened ? opened : refuse(opened.refused, details[opened.refused], cors);
    });
    return undefined;
  };
