import { hash } from "node:crypto";
import type { Topic, TopicId } from "../hub/event.ts";

/** First 16 bytes of SHA-256 of the topic's UTF-8 name, in hex. */
export const topicIdOf = (topic: Topic): TopicId => hash("sha256", topic, "buffer").toString("hex", 0, 16) as TopicId;
