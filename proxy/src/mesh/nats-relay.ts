import type { NatsConnection } from "@nats-io/nats-core";
import type { PublishedEvent, TopicId } from "../hub/event.ts";
import {
  type Cursor,
  type JournalBounds,
  type JournalListener,
  type JournalPage,
  JournalUnavailable,
  type LiveEvent,
  type PublishOutcome,
  type Tails,
} from "../hub/ports.ts";
import { createClockOffset } from "./clock-offset.ts";
import { CorePublisher } from "./core-publisher.ts";
import { CoreSubscriptions } from "./core-subscriptions.ts";
import type { CredentialsWatch } from "./credentials-watch.ts";
import { HeardPlaces } from "./heard-places.ts";
import { watchCredentials } from "./link-credentials.ts";
import { connectionOptions } from "./nats-connections.ts";
import type { NatsJournalDeps } from "./nats-journal.ts";
import type { BusConnection, NatsJournal } from "./nats-journal-port.ts";
import { NatsLink } from "./nats-link.ts";
import { createStoredEventReader } from "./stored-event.ts";

export type NatsRelayDeps = Omit<NatsJournalDeps, "onRead" | "heartbeatMs">;

const confirmAgainMs = 1_000;

/** Core NATS where the journal is off: what is published reaches those who listen, at most once, and nothing is kept. */
export const createNatsRelay = (deps: NatsRelayDeps): NatsJournal => new NatsRelay(deps);

class NatsRelay implements NatsJournal {
  readonly keepsNothing = true;
  readonly mostTogether = Number.POSITIVE_INFINITY;
  readonly clockOffset = 0;
  readonly figures = { bytes: 0, maxBytes: 0, messages: 0 };
  readonly silentMs = 0;
  readonly bus: BusConnection;
  readonly #deps: NatsRelayDeps;
  readonly #places = new HeardPlaces();
  readonly #links: Readonly<Record<"publish" | "live", NatsLink>>;
  readonly #publisher: CorePublisher;
  readonly #subscriptions: CoreSubscriptions;
  readonly #credentials: CredentialsWatch;
  readonly #onConnected: ((connection: NatsConnection) => void)[] = [];
  #listener: JournalListener | undefined;
  /** The server has all subscriptions. */
  #hearing = false;
  #reachedOnce = false;
  #cancelConfirm: () => void = () => undefined;

  constructor(deps: NatsRelayDeps) {
    this.#deps = deps;
    const { instance } = deps.nats;
    const links = this.#createLinks(deps);
    this.#links = links;
    this.#publisher = new CorePublisher({ ...deps, instance, connection: () => links.publish.connection });
    const toStored = createStoredEventReader({ ...deps, offset: createClockOffset() });
    this.#subscriptions = new CoreSubscriptions({
      ...deps,
      instance,
      places: this.#places,
      toStored,
      onRefused: () => this.#refused(),
    });
    this.#credentials = watchCredentials(deps, Object.values(links));
    this.bus = {
      onConnected: (action) => void this.#onConnected.push(action),
      get connection() {
        return links.live.connection;
      },
    };
  }

  get known(): Cursor | undefined {
    return this.#reachedOnce ? this.#places.known : undefined;
  }

  get connected(): boolean {
    return this.#hearing && this.#links.publish.connection !== undefined;
  }

  get troubles(): readonly string[] {
    const { refusal } = this.#subscriptions;
    return refusal === undefined ? [] : [`NATS does not let this proxy listen; its user needs ….in.*: ${refusal}`];
  }

  listen(listener: JournalListener): void {
    this.#listener = listener;
  }

  open(): void {
    this.#credentials.start();
    for (const link of Object.values(this.#links)) link.open();
  }

  async close(): Promise<void> {
    this.#credentials.stop();
    this.#cancelConfirm();
    this.#subscriptions.disconnect();
    await Promise.all(Object.values(this.#links).map((link) => link.close()));
  }

  publish(topicId: TopicId, event: PublishedEvent): Promise<PublishOutcome> {
    return this.#publisher.publish(topicId, [event]);
  }

  publishTogether(topicId: TopicId, events: readonly PublishedEvent[]): Promise<PublishOutcome> {
    return this.#publisher.publish(topicId, events);
  }

  follow(topicId: TopicId, onEvent: (event: LiveEvent) => void): Promise<{ stop(): void }> {
    return this.#subscriptions.follow(topicId, onEvent);
  }

  async tails(topicIds: readonly TopicId[]): Promise<Tails> {
    this.#mustHear();
    return this.#places.tails(topicIds);
  }

  async read(topicId: TopicId, after: number): Promise<JournalPage> {
    this.#mustHear();
    return this.#places.page(topicId, after);
  }

  async locate(): Promise<number> {
    this.#mustHear();
    return this.#places.known.sequence;
  }

  async bounds(): Promise<JournalBounds> {
    this.#mustHear();
    return this.#places.bounds;
  }

  #mustHear(): void {
    if (!this.#hearing) throw new JournalUnavailable("not connected to NATS");
  }

  #createLinks(deps: NatsRelayDeps): Readonly<Record<"publish" | "live", NatsLink>> {
    const link = (purpose: string, onUp: (connection: NatsConnection) => void, onDown: () => void): NatsLink =>
      new NatsLink({ ...deps, options: connectionOptions(deps, purpose), purpose, onUp, onDown });
    return {
      publish: link(
        "publishing",
        () => undefined,
        () => undefined,
      ),
      live: link(
        "live delivery",
        (connection) => this.#connected(connection),
        () => this.#disconnected(),
      ),
    };
  }

  #connected(connection: NatsConnection): void {
    this.#subscriptions.connect(connection);
    for (const action of this.#onConnected) action(connection);
    void this.#confirm(connection);
  }

  /** Streams are told what they may have missed when the server has the subscriptions again: later losses would be silent. */
  async #confirm(connection: NatsConnection): Promise<void> {
    try {
      await this.#subscriptions.confirm(connection);
    } catch (fault) {
      if (this.#links.live.connection !== connection) return;
      this.#deps.log.warn("NATS does not confirm the subscriptions; it is asked again", { cause: String(fault) });
      this.#cancelConfirm = this.#deps.clock.after(confirmAgainMs, () => void this.#confirm(connection));
      return;
    }
    if (this.#links.live.connection !== connection) return;
    this.#hearing = true;
    this.#reachedOnce = true;
    this.#listener?.resync("connected");
  }

  #refused(): void {
    if (!this.#hearing) return;
    this.#deaf();
    const { connection } = this.#links.live;
    if (connection === undefined) return;
    this.#cancelConfirm = this.#deps.clock.after(confirmAgainMs, () => void this.#confirm(connection));
  }

  #disconnected(): void {
    this.#cancelConfirm();
    this.#subscriptions.disconnect();
    this.#deaf();
  }

  /** What is published from now on may not be heard. */
  #deaf(): void {
    this.#hearing = false;
    this.#places.lost();
    this.#listener?.disconnected();
  }
}
