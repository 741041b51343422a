import type { NatsConnection } from "@nats-io/nats-core";
import type { MsgHdrsImpl } from "@nats-io/nats-core/internal";
import type { JournalConfig } from "@revenprox/contract/config/proxy-config";
import { natsSubjects } from "@revenprox/contract/nats-subjects";
import type { PublishedEvent, TopicId } from "../hub/event.ts";
import type { Clock, Log, PublishOutcome } from "../hub/ports.ts";
import { boundedWarning } from "./bounded-log.ts";
import { writePlainHeaders } from "./event-message.ts";
import { JoinedFlush } from "./joined-flush.ts";

export interface CorePublisherDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly instance: string;
  readonly journal: Pick<JournalConfig, "maxInFlight" | "publishTimeoutMs">;
  /** The connection while it is up. */
  readonly connection: () => NatsConnection | undefined;
}

interface Message {
  readonly data: Uint8Array;
  readonly headers: MsgHdrsImpl | undefined;
}

const sent = { kind: "sent" } as const;
const unknown = { kind: "unknown" } as const;

/** Publishes what nobody stores. An answer says that the server has the event, not who listened. */
export class CorePublisher {
  readonly #deps: CorePublisherDeps;
  readonly #subjects: ReturnType<typeof natsSubjects>;
  readonly #flush: JoinedFlush;
  readonly #warn: (fields: Readonly<Record<string, unknown>>) => void;
  #inFlight = 0;

  constructor(deps: CorePublisherDeps) {
    this.#deps = deps;
    this.#subjects = natsSubjects(deps.instance);
    this.#flush = new JoinedFlush(deps.clock, deps.journal.publishTimeoutMs);
    this.#warn = boundedWarning(deps, "Events that were published may not have reached NATS");
  }

  /** All of them go out in this turn, or none. What was given to a connection that breaks may be lost: that is `unknown`. */
  async publish(topicId: TopicId, events: readonly PublishedEvent[]): Promise<PublishOutcome> {
    const { journal, connection: up } = this.#deps;
    const connection = up();
    if (connection === undefined) return { kind: "unavailable" };
    if (this.#inFlight >= journal.maxInFlight) return { kind: "busy" };
    const messages = events.map((event): Message => ({ data: event.data, headers: writePlainHeaders(event) }));
    const limit = tooLarge(messages, connection.info?.max_payload);
    if (limit !== undefined) return { kind: "too-large", limit };
    this.#inFlight += 1;
    try {
      const subject = this.#subjects.in(topicId);
      for (const { data, headers } of messages) connection.publish(subject, data, headers && { headers });
      await this.#flush.flush(connection);
      return sent;
    } catch (fault) {
      this.#warn({ cause: fault instanceof Error ? fault.message : String(fault) });
      return unknown;
    } finally {
      this.#inFlight -= 1;
    }
  }
}

/** Most bytes of data that the server takes with a message's headers, when a message has more. */
const tooLarge = (messages: readonly Message[], most = Number.POSITIVE_INFINITY): number | undefined => {
  for (const { data, headers } of messages) {
    const limit = most - (headers?.encode().length ?? 0);
    if (data.length > limit) return Math.max(0, limit);
  }
  return undefined;
};
