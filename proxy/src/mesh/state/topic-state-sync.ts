import { randomBytes } from "node:crypto";
import type { DistributedStateConfig } from "@revenprox/contract/config/proxy-config";
import type { TopicId } from "../../hub/event.ts";
import type { Clock, Log, Random } from "../../hub/ports.ts";
import type { BusConnection } from "../nats-journal-port.ts";
import { peerNews } from "./peer-news.ts";
import type { Knowledge } from "./peer-topics.ts";
import type { Peer } from "./peers.ts";
import { StateBus } from "./state-bus.ts";
import type { StateMessage } from "./state-message.ts";
import { type Census, TopicCensus } from "./topic-census.ts";
import { type News, TopicState } from "./topic-state.ts";

export interface TopicStateSyncDeps {
  readonly clock: Clock;
  /** Milliseconds that only go forward, whatever is done to the clock. */
  readonly monotonic: () => number;
  readonly random: Random;
  readonly log: Log;
  readonly bus: BusConnection;
  readonly instance: string;
  readonly distributedState: DistributedStateConfig;
  readonly proxyId: string;
  readonly build: string;
  /** Open streams of this proxy on the topic. */
  readonly subscribers: (topicId: TopicId) => number;
  readonly connections: () => number;
  /** A state message was sent. */
  readonly onSent: () => void;
  readonly onMalformed: () => void;
}

/** A peer as it is shown: times are in milliseconds of this process's clock. */
export interface PeerStatus {
  readonly id: string;
  readonly build: string;
  readonly protocol: number;
  readonly topics: number;
  readonly connections: number;
  readonly startedAt: number;
  readonly lastHeardAt: number;
  /** `untold`: a build that does not tell its topics. */
  readonly knowledge: Knowledge | "untold";
}

/** Part of a heartbeat's interval by which intervals differ, so that proxies do not speak in one moment. */
const jitter = 0.2;

/** Changes are gathered for so long: a tenth of the interval, but not so long that a person notices. */
const batchMs = (heartbeatMs: number): number => Math.min(500, heartbeatMs / 10);

/** Within so long a new peer is greeted: at once for a person, but not by all proxies in the same moment. */
const greetingMs = (heartbeatMs: number): number => Math.min(200, heartbeatMs / 10);

/** Between two parts of what peers have asked for, so that events go first. */
const partMs = 2;

/** The topic-state protocol over NATS: tells the peers of this proxy's topics, and knows theirs. */
export class TopicStateSync {
  readonly #deps: TopicStateSyncDeps;
  readonly #bus: StateBus;
  readonly #state: TopicState;
  readonly #census: TopicCensus;
  readonly #heartbeatMs: number;
  readonly #mostChanges: number;
  readonly #tell: (news: News) => void;
  readonly #timers = new Map<"heartbeat" | "greeting" | "batch" | "part", () => void>();
  #lastExchange: number;
  #stopped = false;

  constructor(deps: TopicStateSyncDeps) {
    this.#deps = deps;
    const { clock, distributedState } = deps;
    const life = randomBytes(8).toString("hex");
    this.#heartbeatMs = distributedState.gossipIntervalSec * 1_000;
    this.#mostChanges = distributedState.maxSubscriptionEvents;
    this.#state = new TopicState({
      ...deps,
      life,
      epoch: clock.now(),
      timeoutMs: distributedState.peerTimeoutSec * 1_000,
      mostTopics: distributedState.maxTopicsPerPeer,
      mostChanges: this.#mostChanges,
    });
    this.#bus = new StateBus({
      ...deps,
      life,
      onMessage: (message) => this.#received(message),
      onConnected: () => {
        if (!this.#stopped) this.#bus.send(this.#state.announcement());
      },
    });
    this.#census = new TopicCensus(deps);
    this.#tell = peerNews(deps);
    this.#lastExchange = deps.monotonic();
  }

  start(): void {
    this.#census.start();
    this.#bus.start();
    this.#scheduleHeartbeat();
  }

  /** Says goodbye; resolves when the word is out or the bus is out of reach. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const cancel of this.#timers.values()) cancel();
    this.#bus.send([this.#state.farewell()]);
    await this.#bus.flush();
  }

  /** A stream has come to the topic or left it. */
  audienceChanged(topicId: TopicId): void {
    this.#state.changed(topicId);
    if (this.#state.waiting >= this.#mostChanges) this.#flush();
    else this.#once("batch", batchMs(this.#heartbeatMs), () => this.#flush());
  }

  /** Streams on the topic at the peers: as they have told, and asked of those whose topics are not known here. */
  async audience(topicId: TopicId): Promise<Census> {
    const { counts, unknown } = this.#state.audience(topicId, this.#deps.monotonic());
    if (unknown.length === 0) return { counts, silent: [] };
    const asked = await this.#census.ask(topicId, unknown);
    return { counts: new Map([...counts, ...asked.counts]), silent: asked.silent };
  }

  peers(): readonly PeerStatus[] {
    const { clock, monotonic } = this.#deps;
    const ahead = clock.now() - monotonic();
    return this.#state.peers(monotonic()).map((peer) => statusOf(peer, ahead));
  }

  /** Seconds since a state message, own or a peer's, last came over the bus. */
  lagSeconds(): number {
    return Math.max(0, (this.#deps.monotonic() - this.#lastExchange) / 1_000);
  }

  #received(message: StateMessage): void {
    this.#lastExchange = this.#deps.monotonic();
    const { send, announce, news } = this.#state.receive(message, this.#lastExchange);
    for (const one of news) this.#tell(one);
    this.#bus.send(send);
    if (message.kind === "want") this.#scheduleParts();
    if (announce) this.#scheduleGreeting();
  }

  #scheduleHeartbeat(): void {
    const wait = this.#heartbeatMs * (1 - jitter / 2 + this.#deps.random() * jitter);
    this.#once("heartbeat", wait, () => {
      if (this.#bus.connected) this.#bus.send(this.#state.heartbeat());
      this.#scheduleHeartbeat();
    });
  }

  #scheduleGreeting(): void {
    this.#once("greeting", this.#deps.random() * greetingMs(this.#heartbeatMs), () =>
      this.#bus.send(this.#state.announcement()),
    );
  }

  #scheduleParts(): void {
    this.#once("part", partMs, () => {
      const part = this.#state.nextSnapshot();
      if (part === undefined) return;
      this.#bus.send([part]);
      this.#scheduleParts();
    });
  }

  /** Changes that cannot be sent are found by the heartbeat after the outage. */
  #flush(): void {
    this.#bus.send(this.#state.flush());
  }

  /** Leaves a timer that runs as it is. */
  #once(name: "heartbeat" | "greeting" | "batch" | "part", ms: number, action: () => void): void {
    if (this.#timers.has(name) || this.#stopped) return;
    this.#timers.set(
      name,
      this.#deps.clock.after(ms, () => {
        this.#timers.delete(name);
        action();
      }),
    );
  }
}

const statusOf = ({ said, topics, lastHeardAt }: Peer, ahead: number): PeerStatus => ({
  id: said.proxyId,
  build: said.build,
  protocol: said.protocol,
  topics: said.topics,
  connections: said.connections,
  startedAt: said.epoch,
  lastHeardAt: lastHeardAt + ahead,
  knowledge: topics?.knowledge ?? "untold",
});
