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

/** Characters of paths that are remembered in each generation: some 25,000 topics of usual names. */
const rememberedCharacters = 1_048_576;
/** What a remembered path takes besides its text, in characters. */
const overhead = 16;

/**
 * Topics by the paths that name them. The last ones are remembered: a name is checked and hashed once, and kept once.
 * Two generations, of which the older is dropped when the younger is full: to find a topic writes nothing, as an order
 * of use would.
 */
export class TopicNames {
  #young = new Map<string, NamedTopic>();
  #old: ReadonlyMap<string, NamedTopic> = new Map();
  #youngCharacters = 0;

  /** The topic that a path such as `/events/orders%2F1` names. */
  of(path: string): NamedTopic {
    const known = this.#young.get(path);
    if (known !== undefined) return known;
    const named = this.#old.get(path) ?? namedBy(path);
    if (named.kind === "topic") this.#remember(path, named);
    return named;
  }

  #remember(path: string, named: NamedTopic): void {
    this.#young.set(path, named);
    this.#youngCharacters += path.length + overhead;
    if (this.#youngCharacters < rememberedCharacters) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#youngCharacters = 0;
  }
}

const namedBy = (path: string): NamedTopic => {
  const parsed = topicOfPath(path);
  if (parsed.kind === "refused") return parsed;
  const { topic } = parsed;
  const ref = { topic, topicId: topicIdOf(topic) };
  return { kind: "topic", ref, alone: [ref] };
};
