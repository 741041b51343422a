import { LRUCache } from "lru-cache";
import type { TopicRef } from "../hub/past.ts";
import { topicIdOf } from "./topic-id.ts";
import { topicOfPath } from "./topic-path.ts";

export type NamedTopic =
  | {
      readonly kind: "topic";
      readonly ref: TopicRef;
      /** The topic alone, as a list that all of its streams share. */
      readonly alone: readonly [TopicRef];
    }
  | { readonly kind: "refused"; readonly detail: string };

/** Characters of paths that are remembered: some 50,000 topics of usual names. */
const rememberedCharacters = 2_097_152;
/** What a remembered path takes besides its text, in characters. */
const overhead = 16;

/** Topics by the paths that name them. The last ones are remembered: a name is checked and hashed once, and kept once. */
export class TopicNames {
  readonly #known = new LRUCache<string, NamedTopic>({
    maxSize: rememberedCharacters,
    sizeCalculation: (_, path) => path.length + overhead,
  });

  /** The topic that a path such as `/events/orders%2F1` names. */
  of(path: string): NamedTopic {
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    const parsed = topicOfPath(path);
    if (parsed.kind === "refused") return parsed;
    const { topic } = parsed;
    const ref = { topic, topicId: topicIdOf(topic) };
    const named: NamedTopic = { kind: "topic", ref, alone: [ref] };
    this.#known.set(path, named);
    return named;
  }
}
