import type { Topic, TopicId } from "./event.ts";

export const maxTopicBytes = 512;

export type TopicFault = "empty" | "too-long" | "not-utf8" | "control-character";
export type ParsedTopic =
  | { readonly kind: "topic"; readonly topic: Topic }
  | { readonly kind: "refused"; readonly reason: TopicFault };

/** What is wrong with a name, for whoever sent it. */
export const topicFaultDetails: Readonly<Record<TopicFault, string>> = {
  empty: "the topic is empty",
  "too-long": `the topic is longer than ${maxTopicBytes} bytes`,
  "not-utf8": "the topic is not percent-encoded UTF-8",
  "control-character": "the topic contains a control character",
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: C0, DEL and C1 are what a topic must not contain
const controlCharacter = /[\u0000-\u001f\u007f-\u009f]/;
const loneSurrogate = /\p{Surrogate}/u;
const topicIdForm = /^[0-9a-f]{32}$/;
const utf8 = new TextEncoder();

const refused = (reason: TopicFault): ParsedTopic => ({ kind: "refused", reason });

/** `encoded` is the path after `/events/` as it came: decoded once, never normalised, slashes belong to the name. */
export const parseTopic = (encoded: string): ParsedTopic => {
  const name = percentDecoded(encoded);
  if (name === undefined || loneSurrogate.test(name)) return refused("not-utf8");
  if (name === "") return refused("empty");
  if (controlCharacter.test(name)) return refused("control-character");
  if (utf8.encode(name).length > maxTopicBytes) return refused("too-long");
  return { kind: "topic", topic: name as Topic };
};

export const parseTopicId = (text: string): TopicId | undefined =>
  topicIdForm.test(text) ? (text as TopicId) : undefined;

const percentDecoded = (encoded: string): string | undefined => {
  try {
    return decodeURIComponent(encoded);
  } catch (fault) {
    if (fault instanceof URIError) return undefined;
    throw fault;
  }
};
