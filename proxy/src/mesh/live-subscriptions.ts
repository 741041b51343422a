import type { NatsConnection } from "@nats-io/nats-core";
import { natsSubjects } from "@revenprox/contract/nats-subjects";
import type { TopicId } from "../hub/event.ts";
import type { StoredEvent } from "../hub/ports.ts";
import { type Clock, JournalUnavailable, type LiveEvent, type Log } from "../hub/ports.ts";
import { boundedWarning } from "./bounded-log.ts";
import { type JournalHeaders, republishedServerHeaders, scanHeaders } from "./raw-headers.ts";
import { subscribeWire, type WireSubscription } from "./wire-connection.ts";
import type { WireMessage } from "./wire-reader.ts";

export interface LiveSubscriptionsDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly instance: string;
  readonly toStored: (headers: JournalHeaders, data: Uint8Array, expectedServerHeaders: number) => StoredEvent;
  /** Highest sequence told live so far, for the watch on steps back. */
  readonly onSequence: (sequence: number) => void;
}

interface Following {
  readonly topicId: TopicId;
  readonly onEvent: (event: LiveEvent) => void;
  subscription: WireSubscription | undefined;
}

const confirmTimeoutMs = 5_000;

/** One core subscription for each followed topic on the subjects to which the server republishes what it stored. */
export class LiveSubscriptions {
  readonly #deps: LiveSubscriptionsDeps;
  readonly #subjects: ReturnType<typeof natsSubjects>;
  readonly #following = new Set<Following>();
  readonly #warn: (fields: Readonly<Record<string, unknown>>) => void;
  #connection: NatsConnection | undefined;
  #attached: NatsConnection | undefined;
  #confirmation: Promise<void> | undefined;
  #muted = false;

  constructor(deps: LiveSubscriptionsDeps) {
    this.#deps = deps;
    this.#subjects = natsSubjects(deps.instance);
    this.#warn = boundedWarning(deps, "A live event could not be handled");
  }

  /** nats.js renews subscriptions when the same connection comes back; a new connection gets all of them anew. */
  connect(connection: NatsConnection): void {
    const renewed = this.#attached === connection;
    this.#connection = connection;
    this.#attached = connection;
    this.#muted = false;
    if (renewed) return;
    for (const following of this.#following) this.#subscribe(connection, following);
  }

  disconnect(): void {
    this.#connection = undefined;
  }

  /** While muted, events are dropped: those of a journal that is gone may still be on their way. */
  mute(muted: boolean): void {
    this.#muted = muted;
  }

  get muted(): boolean {
    return this.#muted;
  }

  /** Resolves when the server has the subscription. Rejects with `JournalUnavailable`, and then follows nothing. */
  async follow(topicId: TopicId, onEvent: (event: LiveEvent) => void): Promise<{ stop(): void }> {
    const connection = this.#connection;
    if (connection === undefined) throw new JournalUnavailable("not connected to NATS");
    const following: Following = { topicId, onEvent, subscription: undefined };
    this.#following.add(following);
    this.#subscribe(connection, following);
    try {
      await this.#confirm(connection);
    } catch (cause) {
      this.#stop(following);
      throw new JournalUnavailable("NATS did not confirm the subscription", { cause });
    }
    return { stop: () => this.#stop(following) };
  }

  #stop(following: Following): void {
    if (!this.#following.delete(following)) return;
    if (following.subscription?.isClosed() === false) following.subscription.unsubscribe();
  }

  /** Subscriptions of one turn share one round trip. */
  #confirm(connection: NatsConnection): Promise<void> {
    this.#confirmation ??= new Promise((resolve, reject) => {
      this.#deps.clock.endOfTurn(() => {
        this.#confirmation = undefined;
        const cancel = this.#deps.clock.after(confirmTimeoutMs, () => reject(new Error("no answer in 5 s")));
        void connection.flush().then(resolve, reject).finally(cancel);
      });
    });
    return this.#confirmation;
  }

  #subscribe(connection: NatsConnection, following: Following): void {
    const { topicId } = following;
    following.subscription = subscribeWire(
      connection,
      this.#subjects.out(topicId),
      (message) => this.#received(following, message),
      (fault) => this.#warn({ topic_id: topicId, cause: fault.message }),
    );
  }

  /** Runs inside the connection's reader, which a thrown error would close for good. */
  #received({ topicId, onEvent }: Following, { bytes, headersAt, dataAt, end }: WireMessage): void {
    if (this.#muted) return;
    try {
      const headers = scanHeaders(bytes, headersAt, dataAt);
      const { sequence, lastSequence: previous } = headers;
      if (!(sequence > 0)) throw new TypeError("a message without a sequence");
      this.#deps.onSequence(sequence);
      const { acceptedAt, event } = this.#deps.toStored(headers, bytes.subarray(dataAt, end), republishedServerHeaders);
      onEvent(event === undefined ? { sequence, acceptedAt, previous } : { sequence, acceptedAt, event, previous });
    } catch (fault) {
      this.#warn({ topic_id: topicId, cause: String(fault) });
    }
  }
}
