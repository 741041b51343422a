import type { TopicId } from "../../../hub/event.ts";
import type { Heartbeat } from "../state-message.ts";
import { TopicTable } from "../topic-table.ts";

export const lifeNumber = (number: number): string => number.toString(16).padStart(16, "0");

/** A topic id in the bucket of its first two hex digits. */
export const topicIn = (firstByte: number, number = 0): TopicId =>
  `${firstByte.toString(16).padStart(2, "0")}${number.toString(16).padStart(30, "0")}` as TopicId;

/** The heartbeat of a proxy without topics. */
export const heartbeat = (changes: Partial<Heartbeat> = {}): Heartbeat => ({
  kind: "heartbeat",
  proxyId: "a",
  epoch: 1,
  protocol: 2,
  build: "1.0",
  topics: 0,
  connections: 3,
  bye: false,
  process: { life: lifeNumber(1), seq: 1 },
  state: { version: 0, digests: new TopicTable().digests },
  ...changes,
});

/** As builds of protocol 1 send it. */
export const oldHeartbeat = (changes: Partial<Heartbeat> = {}): Heartbeat =>
  heartbeat({ protocol: 1, process: undefined, state: undefined, ...changes });
