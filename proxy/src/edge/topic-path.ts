import type { Topic } from "../hub/event.ts";
import { maxTopicBytes, parseTopic, type TopicFault } from "../hub/topic.ts";

export const topicPathPrefix = "/events/";

const reasons: Readonly<Record<TopicFault, string>> = {
  empty: "the topic is empty",
  "too-long": `the topic is longer than ${maxTopicBytes} bytes`,
  "not-utf8": "the topic is not percent-encoded UTF-8",
  "control-character": "the topic contains a control character",
};

/** What the HTTP engine makes of a raw byte that is not UTF-8. */
const replacement = "\ufffd";

export type TopicOfPath =
  | { readonly kind: "topic"; readonly topic: Topic }
  | { readonly kind: "refused"; readonly detail: string };

/** The topic that a path such as `/events/orders%2F1` names. */
export const topicOfPath = (path: string): TopicOfPath => decodedTopic(path.slice(topicPathPrefix.length));

/** The topic of a percent-encoded name. */
export const decodedTopic = (encoded: string): TopicOfPath => {
  if (encoded.includes(replacement)) return { kind: "refused", detail: reasons["not-utf8"] };
  const parsed = parseTopic(encoded);
  return parsed.kind === "topic" ? parsed : { kind: "refused", detail: reasons[parsed.reason] };
};
