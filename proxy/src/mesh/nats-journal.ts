import type { NatsConnection } from "@nats-io/nats-core";
import type { JournalConfig, NatsConfig } from "@revenprox/contract/config/proxy-config";
import { journalStream, natsSubjects, natsUsers } from "@revenprox/contract/nats-subjects";
import type { PublishedEvent, TopicId } from "../hub/event.ts";
import {
  type Clock,
  type Cursor,
  type Journal,
  type JournalBounds,
  type JournalListener,
  type JournalPage,
  type JournalPlace,
  JournalUnavailable,
  type LiveEvent,
  type Log,
  type PublishOutcome,
  type Random,
  type Tails,
} from "../hub/ports.ts";
import { type ClockOffset, createClockOffset } from "./clock-offset.ts";
import { DirectGet } from "./direct-get.ts";
import { JournalKeeper } from "./journal-keeper.ts";
import { JournalPosition } from "./journal-position.ts";
import { LiveFeed } from "./live-feed.ts";
import { connectionOptions } from "./nats-connections.ts";
import { NatsLink } from "./nats-link.ts";
import { writeNudge } from "./nudge.ts";
import { createPlaceFinder } from "./place-finder.ts";
import { PublishPipeline } from "./publish-pipeline.ts";
import { createReplayReader } from "./replay-reader.ts";
import { createStoredEventReader } from "./stored-event.ts";
import { createTailReader } from "./tail-reader.ts";

export interface NatsJournalDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly nats: NatsConfig;
  readonly journal: JournalConfig;
  readonly proxyId: string;
  /** A message on the bus breaks the format and was skipped. */
  readonly onMalformed: () => void;
  /** Milliseconds between two heartbeats of the journal, all proxies together. */
  readonly heartbeatMs?: number;
}

/** What other users of the bus in this process share with the journal: its connection for small live messages. */
export interface BusConnection {
  /** Called on each connect; subscriptions are renewed by themselves where it is the same connection again. */
  onConnected(action: (connection: NatsConnection) => void): void;
  /** The connection while it is up. */
  readonly connection: NatsConnection | undefined;
}

export interface NatsJournal extends Journal {
  readonly bus: BusConnection;
  /** Milliseconds by which the journal's clock is ahead of this process's. */
  readonly clockOffset: number;
  /** Begins to connect; returns at once, and never fails. Call `listen` first. */
  open(): void;
  close(): Promise<void>;
}

const defaultHeartbeatMs = 5_000;

/** The journal in a NATS JetStream stream that all proxies of the instance share. */
export const createNatsJournal = (deps: NatsJournalDeps): NatsJournal => new JetStreamJournal(deps);

class JetStreamJournal implements NatsJournal {
  readonly bus: BusConnection;
  readonly #inboxPrefix: string;
  readonly #position = new JournalPosition();
  readonly #offset: ClockOffset = createClockOffset();
  readonly #links: Readonly<Record<"publish" | "live" | "replay", NatsLink>>;
  readonly #keeper: JournalKeeper;
  readonly #pipeline: PublishPipeline;
  readonly #feed: LiveFeed;
  readonly #direct: DirectGet;
  readonly #read: (topicId: TopicId, after: number) => Promise<JournalPage>;
  readonly #tails: (topicIds: readonly TopicId[]) => Promise<Tails>;
  readonly #locate: (topicId: TopicId, place: JournalPlace) => Promise<number>;
  readonly #onConnected: ((connection: NatsConnection) => void)[] = [];
  #listener: JournalListener | undefined;

  constructor(deps: NatsJournalDeps) {
    const { nats, clock, log } = deps;
    const { instance } = nats;
    const position = this.#position;
    const stream = journalStream(instance);
    this.#inboxPrefix = natsSubjects(instance).inboxPrefix(natsUsers.proxy);
    this.#keeper = this.#createKeeper(deps);
    this.#pipeline = this.#createPipeline(deps);
    const toStored = createStoredEventReader({ ...deps, offset: this.#offset });
    this.#feed = new LiveFeed({
      ...deps,
      instance,
      heartbeatMs: deps.heartbeatMs ?? defaultHeartbeatMs,
      toStored,
      position,
      keeper: this.#keeper,
      listener: () => this.#listener,
      reachable: () => this.connected,
    });
    this.#direct = new DirectGet({ clock, log, stream, inboxPrefix: this.#inboxPrefix });
    this.#read = createReplayReader({
      direct: this.#direct,
      instance,
      maxEventsPerTopic: () => this.#keeper.maxEventsPerTopic,
      position,
      toStored,
      firstSequence: async () => (await this.#keeper.bounds()).firstSequence,
      endIsSure: (subject, sequence) => this.#keeper.hasNothing(subject, sequence),
    });
    this.#tails = createTailReader({ direct: this.#direct, instance, position });
    this.#locate = createPlaceFinder({ direct: this.#direct, instance, position, offset: this.#offset });
    this.#links = this.#createLinks(deps);
    const links = this.#links;
    this.bus = {
      onConnected: (action) => void this.#onConnected.push(action),
      get connection() {
        return links.live.connection;
      },
    };
  }

  get known(): Cursor | undefined {
    return this.#position.known;
  }

  get connected(): boolean {
    const { live, replay } = this.#links;
    return this.#keeper.usable && live.connection !== undefined && replay.connection !== undefined;
  }

  get clockOffset(): number {
    return this.#offset.milliseconds;
  }

  listen(listener: JournalListener): void {
    this.#listener = listener;
  }

  open(): void {
    for (const link of Object.values(this.#links)) link.open();
  }

  async close(): Promise<void> {
    this.#feed.close();
    this.#pipeline.close();
    this.#keeper.disconnected();
    this.#direct.disconnect();
    await Promise.all(Object.values(this.#links).map((link) => link.close()));
  }

  get mostTogether(): number {
    return this.#keeper.mostTogether;
  }

  publish(topicId: TopicId, event: PublishedEvent, messageId?: string): Promise<PublishOutcome> {
    return this.#pipeline.publish(topicId, event, messageId);
  }

  publishTogether(topicId: TopicId, events: readonly PublishedEvent[]): Promise<PublishOutcome> {
    return this.#pipeline.publishTogether(topicId, events);
  }

  follow(topicId: TopicId, onEvent: (event: LiveEvent) => void): Promise<{ stop(): void }> {
    return this.#feed.follow(topicId, onEvent);
  }

  async tails(topicIds: readonly TopicId[]): Promise<Tails> {
    this.#mustBeUsable();
    return await this.#tails(topicIds);
  }

  async locate(topicId: TopicId, place: JournalPlace): Promise<number> {
    this.#mustBeUsable();
    return await this.#locate(topicId, place);
  }

  async read(topicId: TopicId, after: number): Promise<JournalPage> {
    this.#mustBeUsable();
    return await this.#read(topicId, after);
  }

  async bounds(): Promise<JournalBounds> {
    this.#mustBeUsable();
    return await this.#keeper.bounds();
  }

  #mustBeUsable(): void {
    if (!this.#keeper.usable) throw new JournalUnavailable("the journal is out of reach");
  }

  #createKeeper(deps: NatsJournalDeps): JournalKeeper {
    return new JournalKeeper({
      ...deps,
      instance: deps.nats.instance,
      position: this.#position,
      offset: this.#offset,
      onUsable: () => {
        const connection = this.#links.publish.connection;
        if (connection !== undefined) this.#pipeline.resume(connection, this.#inboxPrefix);
        this.#feed.usable();
      },
      onUnusable: () => {
        this.#pipeline.suspend();
        this.#feed.unusable();
      },
      onEpoch: (change) => {
        this.#feed.epochChanged(change);
        this.#listener?.epochChanged(change);
      },
    });
  }

  #createPipeline(deps: NatsJournalDeps): PublishPipeline {
    const subjects = natsSubjects(deps.nats.instance);
    return new PublishPipeline({
      ...deps,
      instance: deps.nats.instance,
      position: this.#position,
      onDoubt: (topicId, sequence) =>
        this.#links.publish.connection?.publish(subjects.nudge(topicId), writeNudge(sequence)),
      onNoResponders: () => void this.#keeper.check(),
      onStepBack: () => this.#keeper.check(),
    });
  }

  #createLinks(deps: NatsJournalDeps): Readonly<Record<"publish" | "live" | "replay", NatsLink>> {
    const link = (purpose: string, onUp: (connection: NatsConnection) => void, onDown: () => void): NatsLink =>
      new NatsLink({ ...deps, options: connectionOptions(deps, purpose), purpose, onUp, onDown });
    return {
      publish: link(
        "publishing",
        (connection) => void this.#keeper.connected(connection),
        () => this.#keeper.disconnected(),
      ),
      live: link(
        "live delivery",
        (connection) => {
          this.#feed.connect(connection);
          for (const action of this.#onConnected) action(connection);
        },
        () => this.#feed.disconnect(),
      ),
      replay: link(
        "replay",
        (connection) => {
          this.#direct.connect(connection);
          this.#feed.reconnected();
        },
        () => this.#direct.disconnect(),
      ),
    };
  }
}
