import type { Answer, ResponseHeaders } from "../http/answer.ts";
import { foreignSource } from "../http/origin-rule.ts";
import type { Refuse } from "../http/refusals.ts";
import type { PublishedEvent, TopicId } from "../hub/event.ts";
import { formatEventId } from "../hub/event-id.ts";
import type { Hub } from "../hub/hub.ts";
import { JournalUnavailable, type PublishOutcome } from "../hub/ports.ts";
import { corsHeaders } from "./cors.ts";
import type { Exchange } from "./exchange.ts";
import { parseBody } from "./published-body.ts";
import { topicIdOf } from "./topic-id.ts";
import { topicOfPath } from "./topic-path.ts";

/** What checking a bearer secret came to. */
type KeyVerdict = "valid" | "missing" | "invalid";

/** Who may publish. `foreign-pages-refused`: nobody is asked for a key, but no web page may publish. */
export type PublishAccess =
  | { readonly kind: "keys"; readonly check: (authorization: string | undefined) => KeyVerdict }
  | { readonly kind: "foreign-pages-refused" }
  | { readonly kind: "open" };

export interface PublishParts {
  readonly hub: Pick<Hub, "publish">;
  readonly access: PublishAccess;
  readonly maxEventSize: () => number;
  readonly corsAllowedOrigins: () => string;
  readonly refuse: Refuse;
}

/** The refusal of somebody who may not publish; undefined when the publish may go on. */
const denied = ({ access, refuse }: PublishParts, exchange: Exchange, cors: ResponseHeaders): Answer | undefined => {
  switch (access.kind) {
    case "open":
      return undefined;
    case "foreign-pages-refused": {
      const reason = foreignSource({ host: exchange.header("host"), origin: exchange.header("origin") });
      return reason === undefined ? undefined : refuse("origin_denied", reason, cors);
    }
    case "keys": {
      const verdict = access.check(exchange.header("authorization"));
      if (verdict === "valid") return undefined;
      return verdict === "missing"
        ? refuse("credentials_missing", "publishing needs a publish key", cors)
        : refuse("credentials_invalid", "the bearer secret is none of the publish keys", cors);
    }
  }
};

const answerOf = (outcome: PublishOutcome, refuse: Refuse, cors: ResponseHeaders): Answer => {
  switch (outcome.kind) {
    case "stored": {
      const id = formatEventId(outcome.cursor.epoch, outcome.cursor.sequence);
      return {
        status: 202,
        headers: [["Content-Type", "application/json"], ...cors],
        body: `${JSON.stringify({ id })}\n`,
      };
    }
    case "unavailable":
      return refuse("journal_unavailable", "the journal cannot be reached", cors);
    case "unknown":
      return refuse("journal_unknown", "no acknowledgement came in time", cors);
    case "busy":
      return refuse("journal_busy", "the limit on waiting publishes is reached", cors);
    case "too-large":
      return refuse("event_too_large", `the journal takes at most ${outcome.limit} bytes`, cors);
  }
};

const publish = async (hub: PublishParts["hub"], topicId: TopicId, event: PublishedEvent): Promise<PublishOutcome> => {
  try {
    return await hub.publish(topicId, event);
  } catch (error) {
    if (error instanceof JournalUnavailable) return { kind: "unavailable" };
    throw error;
  }
};

const declaredLength = (exchange: Exchange): number => Number(exchange.header("content-length") ?? 0);

const tooLarge = (limit: number, refuse: Refuse, cors: ResponseHeaders): Answer =>
  refuse("event_too_large", `max_event_size is ${limit} bytes`, cors);

/** POST /events/{topic}: stores an event; answers 202 with its id once the journal has it. */
export const publishRoute =
  (parts: PublishParts) =>
  async (exchange: Exchange): Promise<Answer | undefined> => {
    const { hub, refuse } = parts;
    const cors = corsHeaders(parts.corsAllowedOrigins(), exchange.header("origin"));
    const denial = denied(parts, exchange, cors);
    if (denial !== undefined) return denial;
    const parsed = topicOfPath(exchange.path);
    if (parsed.kind === "refused") return refuse("topic_invalid", parsed.detail, cors);
    const limit = parts.maxEventSize();
    if (declaredLength(exchange) > limit) return tooLarge(limit, refuse, cors);
    const body = await exchange.readBody(limit);
    if (body.kind === "aborted") return undefined;
    if (body.kind === "too-large") return tooLarge(limit, refuse, cors);
    const event = parseBody(body.bytes, exchange.header("content-type"));
    if (event.kind === "refused") return refuse(event.code, event.detail, cors);
    return answerOf(await publish(hub, topicIdOf(parsed.topic), event.event), refuse, cors);
  };
