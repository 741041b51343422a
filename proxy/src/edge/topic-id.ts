import { createHash } from "node:crypto";
import type { Topic, TopicId } from "../hub/event.ts";

/** First 16 bytes of SHA-256 of the topic's UTF-8 name, in hex. */
export const topicIdOf = (topic: Topic): TopicId =>
  createHash("sha256").update(topic, "utf8").digest("hex").slice(0, 32) as TopicId;
