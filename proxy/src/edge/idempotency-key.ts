import { createHash } from "node:crypto";
import type { TopicId } from "../hub/event.ts";

const visibleAscii = /^[!-~]{1,255}$/;

/** 1 to 255 visible ASCII characters. */
export const isIdempotencyKey = (value: unknown): value is string =>
  typeof value === "string" && visibleAscii.test(value);

/** What a message id is made of; `line` counts from 1 where one key stands for a whole batch. */
export interface KeyScope {
  readonly topicId: TopicId;
  /** Who publishes: the same key of another publisher is another key. */
  readonly publisher: string;
  readonly key: string;
  readonly line?: number;
}

/** The journal's message id, which counts over all topics: a hash of all that the key is good for. */
export const messageIdOf = ({ topicId, publisher, key, line = 0 }: KeyScope): string =>
  `key-${createHash("sha256")
    .update(JSON.stringify([topicId, publisher, key, line]))
    .digest("base64url")}`;
