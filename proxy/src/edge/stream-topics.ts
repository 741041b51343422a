import type { Topic } from "../hub/event.ts";
import type { TopicRef } from "../hub/past.ts";
import { queryParameters } from "./query-parameters.ts";
import { topicIdOf } from "./topic-id.ts";
import type { TopicNames } from "./topic-names.ts";
import { decodedTopic, topicPathPrefix } from "./topic-path.ts";

/** Several topics are named in the query of this path. */
export const topicsPath = "/events";

export type StreamTopics =
  | { readonly kind: "topics"; readonly topics: readonly TopicRef[] }
  | { readonly kind: "refused"; readonly detail: string };

const shown = 64;

const ref = (topic: Topic): TopicRef => ({ topic, topicId: topicIdOf(topic) });
const refused = (detail: string): StreamTopics => ({ kind: "refused", detail });

/** The topics of `GET /events/{topic}` or `GET /events?topic=a&topic=b`; a repeated one counts once. */
export const streamTopics = (names: TopicNames, path: string, query: string, maxTopics: number): StreamTopics => {
  if (path.startsWith(topicPathPrefix)) {
    const named = names.of(path);
    return named.kind === "topic" ? { kind: "topics", topics: named.alone } : named;
  }
  return topicsOfQuery(queryParameters(query).all("topic"), maxTopics);
};

const topicsOfQuery = (encoded: readonly string[], maxTopics: number): StreamTopics => {
  if (encoded.length === 0) return refused("name a topic: /events/{topic} or /events?topic=a&topic=b");
  const found = new Set<Topic>();
  for (const [index, text] of encoded.entries()) {
    // A space is + in forms and in URLSearchParams.
    const parsed = decodedTopic(text.replaceAll("+", "%20"));
    if (parsed.kind === "refused")
      return refused(`topic parameter ${index + 1} (${JSON.stringify(text.slice(0, shown))}): ${parsed.detail}`);
    found.add(parsed.topic);
    if (found.size > maxTopics) return refused(`a stream takes at most ${maxTopics} topics (max_topics_per_stream)`);
  }
  return { kind: "topics", topics: [...found].map(ref) };
};
