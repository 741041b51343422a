import type { Msg, NatsConnection, Subscription } from "@nats-io/nats-core";
import { natsSubjects } from "@revenprox/contract/nats-subjects";
import type { TopicId } from "../hub/event.ts";
import { type Clock, JournalUnavailable, type LiveEvent, type Log, type StoredEvent } from "../hub/ports.ts";
import { boundedWarning } from "./bounded-log.ts";
import type { HeardPlaces, HeardTopic } from "./heard-places.ts";
import { JoinedFlush } from "./joined-flush.ts";
import { type JournalHeaders, publishedServerHeaders, rawMessage, scanHeaders } from "./raw-headers.ts";

export interface CoreSubscriptionsDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly instance: string;
  readonly places: HeardPlaces;
  readonly toStored: (headers: JournalHeaders, data: Uint8Array, expectedServerHeaders: number) => StoredEvent;
  /** A subscription that was good is no longer: `confirm` makes it again. */
  readonly onRefused: () => void;
}

interface Following {
  readonly topicId: TopicId;
  readonly places: HeardTopic;
  readonly onEvent: (event: LiveEvent) => void;
  subscription: Subscription | undefined;
  /** The server does not let this user subscribe. */
  refused: boolean;
  /** The server has had the subscription. */
  confirmed: boolean;
}

const confirmTimeoutMs = 5_000;
/** Where nobody tries to listen any more, nothing would show that it is allowed by now. */
const refusalHoldsMs = 60_000;

/** One subscription for each followed topic on the subject to which its publishers publish. */
export class CoreSubscriptions {
  readonly #deps: CoreSubscriptionsDeps;
  readonly #subjects: ReturnType<typeof natsSubjects>;
  readonly #following = new Set<Following>();
  readonly #flush: JoinedFlush;
  readonly #warn: (fields: Readonly<Record<string, unknown>>) => void;
  #connection: NatsConnection | undefined;
  #attached: NatsConnection | undefined;
  #refusal: { readonly cause: string; readonly at: number } | undefined;

  constructor(deps: CoreSubscriptionsDeps) {
    this.#deps = deps;
    this.#subjects = natsSubjects(deps.instance);
    this.#flush = new JoinedFlush(deps.clock, confirmTimeoutMs);
    this.#warn = boundedWarning(deps, "A live event could not be handled");
  }

  /** nats.js renews subscriptions when the same connection comes back; a new connection gets all of them anew. */
  connect(connection: NatsConnection): void {
    const renewed = this.#attached === connection;
    this.#connection = connection;
    this.#attached = connection;
    if (renewed) return;
    for (const following of this.#following) this.#subscribe(connection, following);
  }

  disconnect(): void {
    this.#connection = undefined;
  }

  /** Why the server has refused a subscription of late; undefined when it took the last one. */
  get refusal(): string | undefined {
    const { cause, at } = this.#refusal ?? {};
    return at !== undefined && this.#deps.clock.now() - at < refusalHoldsMs ? cause : undefined;
  }

  /** Resolves when the server has all subscriptions that were made so far. */
  async confirm(connection: NatsConnection): Promise<void> {
    const followings = [...this.#following];
    for (const following of followings) if (following.refused) this.#subscribe(connection, following);
    await this.#flush.flush(connection);
    if (followings.some(({ refused }) => refused)) throw new Error(this.refusal);
    for (const following of followings) following.confirmed = true;
    if (followings.length > 0) this.#refusal = undefined;
  }

  /** Resolves when the server has the subscription. Rejects with `JournalUnavailable`, and then follows nothing. */
  async follow(topicId: TopicId, onEvent: (event: LiveEvent) => void): Promise<{ stop(): void }> {
    const connection = this.#connection;
    if (connection === undefined) throw new JournalUnavailable("not connected to NATS");
    const places = this.#deps.places.follow(topicId);
    const following: Following = {
      topicId,
      places,
      onEvent,
      subscription: undefined,
      refused: false,
      confirmed: false,
    };
    this.#following.add(following);
    this.#subscribe(connection, following);
    try {
      await this.#flush.flush(connection);
      if (following.refused) throw new Error(this.refusal);
    } catch (cause) {
      this.#stop(following);
      throw new JournalUnavailable("NATS did not confirm the subscription", { cause });
    }
    following.confirmed = true;
    this.#refusal = undefined;
    return { stop: () => this.#stop(following) };
  }

  #stop(following: Following): void {
    if (!this.#following.delete(following)) return;
    following.places.stop();
    if (following.subscription?.isClosed() === false) following.subscription.unsubscribe();
  }

  #subscribe(connection: NatsConnection, following: Following): void {
    following.refused = false;
    following.subscription = connection.subscribe(this.#subjects.in(following.topicId), {
      callback: (fault, message) => {
        if (fault === null) this.#received(following, message);
        else this.#wasRefused(following, fault);
      },
    });
  }

  /** The server says so before it answers the flush behind the subscription. */
  #wasRefused(following: Following, fault: Error): void {
    this.#warn({ topic_id: following.topicId, cause: fault.message });
    this.#refusal = { cause: fault.message, at: this.#deps.clock.now() };
    following.refused = true;
    if (following.confirmed) this.#deps.onRefused();
    following.confirmed = false;
  }

  /** Runs inside the client's reader, which a thrown error would close for good. */
  #received({ topicId, places, onEvent }: Following, message: Msg): void {
    try {
      const { headers, data } = rawMessage(message);
      const { event } = this.#deps.toStored(scanHeaders(headers), data, publishedServerHeaders);
      // Nothing on such a message says when it was accepted.
      if (event !== undefined) onEvent({ ...places.next(), acceptedAt: this.#deps.clock.now(), event });
    } catch (fault) {
      this.#warn({ topic_id: topicId, cause: String(fault) });
    }
  }
}
