import { createHash } from "node:crypto";
import { headers, type NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { natsSubjects } from "@revenprox/contract/nats-subjects";
import { instance } from "../fleet/proxy-node.ts";
import { topicName } from "../plan.ts";
import type { Attempt, Publish } from "./http-publish.ts";

/** First 16 bytes of SHA-256 of the name, in hex. */
export const topicIdOf = (topic: number): string =>
  createHash("sha256").update(topicName(topic)).digest("hex").slice(0, 32);

const attemptMs = 3_000;

/** A publisher that knows only the documented subjects and headers. */
export const connectToNats = (servers: readonly string[]): Promise<NatsConnection> =>
  connect({ servers: [...servers], maxReconnectAttempts: -1, reconnectTimeWait: 500, waitOnFirstConnect: true });

interface Acknowledgement {
  readonly seq?: number;
  readonly error?: { readonly description?: string };
}

/** One attempt straight to NATS; never rejects. */
export const publishDirectly = async (nats: NatsConnection, { key, topic, data }: Publish): Promise<Attempt> => {
  const topicId = topicIdOf(topic);
  const own = headers();
  own.append("Nats-Msg-Id", `${topicId}:${key}`);
  try {
    const reply = await nats.request(natsSubjects(instance).in(topicId), data, { headers: own, timeout: attemptMs });
    const { seq, error } = reply.json<Acknowledgement>();
    if (seq === undefined || seq === 0) return { kind: "again", why: error?.description ?? "no sequence" };
    return { kind: "accepted", id: `0-${seq}` };
  } catch (error) {
    return { kind: "again", why: error instanceof Error ? error.message : String(error) };
  }
};

const noUtf8 = Uint8Array.from([0xff, 0xfe, 0xfd]);

/** A message that breaks the rules of the bus: proxies skip it. */
export const publishMalformed = (nats: NatsConnection, topic: number): void => {
  if (!nats.isClosed()) nats.publish(natsSubjects(instance).in(topicIdOf(topic)), noUtf8);
};
