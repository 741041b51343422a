import type { Topic } from "../hub/event.ts";
import { parseTopic, topicFaultDetails } from "../hub/topic.ts";

export const topicPathPrefix = "/events/";

/** What the HTTP engine makes of a raw byte that is not UTF-8. */
const replacement = "\ufffd";

export type TopicOfPath =
  | { readonly kind: "topic"; readonly topic: Topic }
  | { readonly kind: "refused"; readonly detail: string };

/** The topic that a path such as `/events/orders%2F1` names. */
export const topicOfPath = (path: string): TopicOfPath => decodedTopic(path.slice(topicPathPrefix.length));

/** The topic of a percent-encoded name. */
export const decodedTopic = (encoded: string): TopicOfPath => {
  if (encoded.includes(replacement)) return { kind: "refused", detail: topicFaultDetails["not-utf8"] };
  const parsed = parseTopic(encoded);
  return parsed.kind === "topic" ? parsed : { kind: "refused", detail: topicFaultDetails[parsed.reason] };
};
