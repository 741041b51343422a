import type { NatsConnection } from "@nats-io/nats-core";
import type { JournalConfig, NatsConfig } from "@revenprox/contract/config/proxy-config";
import type { JournalReadSource } from "@revenprox/contract/metric-labels";
import { journalStream, natsSubjects, natsUsers, replayStream } from "@revenprox/contract/nats-subjects";
import type { PublishedEvent, TopicId } from "../hub/event.ts";
import {
  type Clock,
  type Cursor,
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
import type { CredentialsWatch } from "./credentials-watch.ts";
import { DirectGet } from "./direct-get.ts";
import { JournalKeeper } from "./journal-keeper.ts";
import { JournalPosition } from "./journal-position.ts";
import { createJournalReaders, type JournalReaders } from "./journal-readers.ts";
import type { JournalFigures } from "./journal-session.ts";
import { watchCredentials } from "./link-credentials.ts";
import { LiveFeed } from "./live-feed.ts";
import { connectionOptions } from "./nats-connections.ts";
import type { BusConnection, NatsJournal } from "./nats-journal-port.ts";
import { NatsLink } from "./nats-link.ts";
import { writeNudge } from "./nudge.ts";
import { PublishPipeline } from "./publish-pipeline.ts";
import { ReplayMirror } from "./replay-mirror.ts";
import { createStoredEventReader } from "./stored-event.ts";
import { wireOf } from "./wire-connection.ts";

export interface NatsJournalDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly nats: NatsConfig;
  readonly journal: JournalConfig;
  readonly proxyId: string;
  /** A message on the bus breaks the format and was skipped. */
  readonly onMalformed: () => void;
  /** Most bytes of one event, as configured at the moment. */
  readonly maxEventSize: () => number;
  /** A request for stored messages went to NATS. */
  readonly onRead: (source: JournalReadSource) => void;
  /** Milliseconds between two heartbeats of the journal, all proxies together. */
  readonly heartbeatMs?: number;
}

const defaultHeartbeatMs = 5_000;

/** The journal in a NATS JetStream stream that all proxies of the instance share. */
export const createNatsJournal = (deps: NatsJournalDeps): NatsJournal => new JetStreamJournal(deps);

class JetStreamJournal implements NatsJournal {
  readonly bus: BusConnection;
  readonly #inboxPrefix: string;
  readonly #clock: Pick<Clock, "now">;
  readonly #startedAt: number;
  readonly #position = new JournalPosition();
  readonly #offset: ClockOffset = createClockOffset();
  readonly #links: Readonly<Record<"publish" | "live" | "replay", NatsLink>>;
  readonly #keeper: JournalKeeper;
  readonly #pipeline: PublishPipeline;
  readonly #feed: LiveFeed;
  readonly #mirror: ReplayMirror;
  readonly #direct: Readonly<Record<"journal" | "mirror", DirectGet>>;
  readonly #readers: JournalReaders;
  readonly #credentials: CredentialsWatch;
  readonly #onConnected: ((connection: NatsConnection) => void)[] = [];
  #listener: JournalListener | undefined;

  constructor(deps: NatsJournalDeps) {
    this.#clock = deps.clock;
    this.#startedAt = deps.clock.now();
    const { instance } = deps.nats;
    const position = this.#position;
    this.#inboxPrefix = natsSubjects(instance).inboxPrefix(natsUsers.proxy);
    this.#mirror = new ReplayMirror({ ...deps, instance });
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
    this.#direct = this.#createDirect(deps);
    this.#readers = createJournalReaders({
      ...deps,
      direct: this.#direct,
      mirror: this.#mirror,
      keeper: this.#keeper,
      position,
      toStored,
    });
    this.#links = this.#createLinks(deps);
    const links = this.#links;
    this.#credentials = watchCredentials(deps, Object.values(links));
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

  get troubles(): readonly string[] {
    return this.#keeper.troubles;
  }

  get clockOffset(): number {
    return this.#offset.milliseconds;
  }

  get figures(): JournalFigures {
    return this.#keeper.figures;
  }

  get silentMs(): number {
    return Math.max(0, this.#clock.now() - (this.#keeper.heardAt === 0 ? this.#startedAt : this.#keeper.heardAt));
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
    this.#feed.close();
    this.#pipeline.close();
    this.#keeper.disconnected();
    for (const direct of Object.values(this.#direct)) direct.disconnect();
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

  tails(topicIds: readonly TopicId[]): Promise<Tails> {
    return this.#answered(() => this.#readers.tails(topicIds));
  }

  locate(topicId: TopicId, place: JournalPlace): Promise<number> {
    return this.#answered(() => this.#readers.locate(topicId, place));
  }

  read(topicId: TopicId, after: number): Promise<JournalPage> {
    return this.#answered(() => this.#readers.read(topicId, after));
  }

  async bounds(beyond?: number): Promise<JournalBounds> {
    this.#mustBeUsable();
    return await this.#keeper.bounds(beyond);
  }

  /** Nothing that another journal may have answered is taken for the known one's. */
  async #answered<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    this.#mustBeSure();
    const answer = await ask();
    this.#mustBeSure();
    return answer;
  }

  #mustBeSure(): void {
    this.#mustBeUsable();
    if (this.#feed.suspecting) throw new JournalUnavailable("the journal may have begun anew");
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
      mirror: this.#mirror,
      onUsable: () => {
        const connection = this.#links.publish.connection;
        if (connection !== undefined) this.#pipeline.resume(wireOf(connection), this.#inboxPrefix);
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

  #createDirect(deps: NatsJournalDeps): Readonly<Record<"journal" | "mirror", DirectGet>> {
    const { instance } = deps.nats;
    const direct = (stream: string) => new DirectGet({ ...deps, stream, inboxPrefix: this.#inboxPrefix });
    return { journal: direct(journalStream(instance)), mirror: direct(replayStream(instance)) };
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
      looking: () => this.#keeper.looking,
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
          for (const direct of Object.values(this.#direct)) direct.connect(connection);
          this.#feed.reconnected();
        },
        () => {
          for (const direct of Object.values(this.#direct)) direct.disconnect();
        },
      ),
    };
  }
}
