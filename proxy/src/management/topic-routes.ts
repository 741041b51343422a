import type { Topic } from "../hub/event.ts";
import { parseTopic, topicFaultDetails } from "../hub/topic.ts";
import { type ApiRoute, count, listOf, ok, record, text } from "./api-route.ts";

/** A topic that this proxy follows. */
export interface TopicListing {
  readonly topic: string;
  readonly id: string;
  /** Open streams on this proxy. */
  readonly subscribers: number;
}

/** Who listens to a topic, all proxies together. */
export interface TopicAudience {
  readonly id: string;
  /** This proxy first. */
  readonly proxies: readonly { readonly id: string; readonly subscribers: number }[];
  /** Peers whose topics are not known here and that did not answer in time. */
  readonly silent: readonly string[];
}

export interface TopicParts {
  /** The first `most` topics after that name, in the order of their names. */
  readonly topics: (after: string, most: number) => readonly TopicListing[] | Promise<readonly TopicListing[]>;
  readonly audience: (topic: Topic) => Promise<TopicAudience>;
}

const pageSize = { default: 100, most: 1_000 } as const;

const id = text("First 16 bytes of SHA-256 of the name, in hex; part of the NATS subject.");

const list = ({ topics }: TopicParts): ApiRoute => ({
  method: "GET",
  path: "/api/v1/topics",
  access: "read",
  summary: "Topics with streams on this proxy",
  parameters: [
    {
      name: "limit",
      in: "query",
      description: "Most topics of the answer.",
      schema: { type: "integer", minimum: 1, maximum: pageSize.most, default: pageSize.default },
    },
    {
      name: "after",
      in: "query",
      description: "`next` of the page before.",
      schema: { type: "string", maxLength: 512 },
    },
  ],
  answers: {
    200: {
      description: "One page, in the order of the names.",
      schema: record({
        topics: listOf(
          record({ topic: text("The name."), id, subscribers: count("Open streams on this proxy.") }),
          "Topics with at least one stream.",
        ),
        next: { type: ["string", "null"], description: "What to give as `after` for the next page; null on the last." },
      }),
    },
  },
  handle: async ({ query }) => {
    const { limit = pageSize.default, after = "" } = query as { readonly limit?: number; readonly after?: string };
    const found = await topics(after, limit + 1);
    const page = found
      .slice(0, limit)
      .map(({ topic, id: topicId, subscribers }) => ({ topic, id: topicId, subscribers }));
    return ok({ topics: page, next: found.length > limit ? (page.at(-1)?.topic ?? null) : null });
  },
});

const one = ({ audience }: TopicParts): ApiRoute => ({
  method: "GET",
  path: "/api/v1/topics/{topic}",
  access: "read",
  summary: "Who listens to a topic, on each proxy",
  parameters: [
    {
      name: "topic",
      in: "path",
      description: "The name, percent-encoded as after /events/; slashes belong to it.",
      schema: { type: "string", minLength: 1 },
    },
  ],
  answers: {
    200: {
      description:
        "Counts as the peers have told them, at most half a second old; a peer whose topics are not known here is asked at this moment. A topic without listeners has the count 0.",
      schema: record({
        topic: text("The name."),
        id,
        subscribers: count("Open streams on all of these proxies."),
        proxies: listOf(
          record({ id: text("The proxy's name."), subscribers: count("Open streams there.") }),
          "The proxies whose streams are known, this one first.",
        ),
        silent: listOf(
          text("A proxy's name."),
          "Peers whose topics are not known here and that did not answer within 500 ms.",
        ),
      }),
    },
  },
  handle: async ({ rest }) => {
    const parsed = parseTopic(rest);
    if (parsed.kind === "refused") return { problem: "topic_invalid", detail: topicFaultDetails[parsed.reason] };
    const { id: topicId, proxies, silent } = await audience(parsed.topic);
    const subscribers = proxies.reduce((sum, proxy) => sum + proxy.subscribers, 0);
    return ok({ topic: parsed.topic, id: topicId, subscribers, proxies, silent });
  },
});

/** Routes that say which topics are listened to. */
export const topicRoutes = (parts: TopicParts): readonly ApiRoute[] => [list(parts), one(parts)];
