import type { TopicId } from "../../hub/event.ts";
import { OwnTopics } from "./own-topics.ts";
import { isLater, type Peer, type PeerBounds, Peers } from "./peers.ts";
import { SnapshotQueue } from "./snapshot-queue.ts";
import { type Heartbeat, type Outgoing, protocolVersion, type StateMessage } from "./state-message.ts";

export interface TopicStateDeps extends PeerBounds {
  readonly proxyId: string;
  /** Random name of this process: 16 hex digits. */
  readonly life: string;
  /** Milliseconds of this process's start; raised where peers know a higher one of this proxy id. */
  readonly epoch: number;
  readonly build: string;
  /** Open streams of this proxy on the topic. */
  readonly subscribers: (topicId: TopicId) => number;
  readonly connections: () => number;
  /** Most topic changes in one message. */
  readonly mostChanges: number;
}

/** What a message has led to. */
export interface Reaction {
  readonly send: readonly Outgoing[];
  /** A heartbeat should be sent soon, at a random moment: somebody does not know this proxy yet. */
  readonly announce: boolean;
  /** What a person may want to know. */
  readonly news: readonly News[];
}

export type News =
  | { readonly kind: "peer-new" | "peer-counted"; readonly peer: Peer }
  | { readonly kind: "peer-gone"; readonly proxyId: string }
  /** Another process uses this proxy's id. */
  | { readonly kind: "namesake" };

/** Who listens to a topic at the peers: `unknown` are those that must be asked. */
export interface KnownAudience {
  readonly counts: ReadonlyMap<string, number>;
  readonly unknown: readonly string[];
}

const nothing: Reaction = { send: [], announce: false, news: [] };

/** A late word of an earlier process is no reason to speak of two that run at once. */
const namesakeAfter = 3;

/**
 * The topic-state protocol of one proxy (docs/protocol.md), without clock and network: messages and the time come in,
 * messages go out. Late, doubled, lost and reordered messages change nothing that a later heartbeat does not mend.
 */
export class TopicState {
  readonly #deps: TopicStateDeps;
  readonly #own: OwnTopics;
  readonly #peers: Peers;
  readonly #snapshots = new SnapshotQueue();
  #epoch: number;
  #seq = 0;
  #raised = false;
  #namesakes = 0;

  constructor(deps: TopicStateDeps) {
    this.#deps = deps;
    this.#own = new OwnTopics(deps);
    this.#peers = new Peers(deps);
    this.#epoch = deps.epoch;
  }

  /** Topics that may have changed since they were told. */
  get waiting(): number {
    return this.#own.waiting;
  }

  changed(topicId: TopicId): void {
    this.#own.changed(topicId);
  }

  /** What has changed since the last time. What is not sent is mended by the next heartbeat. */
  flush(): readonly Outgoing[] {
    return this.#own.flush().map((message) => ({ message }));
  }

  /** The regular word of this proxy, after what has changed. */
  heartbeat(): readonly Outgoing[] {
    this.#raised = false;
    return this.announcement();
  }

  /** A heartbeat out of turn. */
  announcement(): readonly Outgoing[] {
    return [...this.flush(), { message: this.#heartbeat(false) }];
  }

  farewell(): Outgoing {
    return { message: this.#heartbeat(true) };
  }

  /** The next part of what peers have asked for. */
  nextSnapshot(): Outgoing | undefined {
    return this.#snapshots.next(this.#own);
  }

  /** A message has come at `now`, in milliseconds of a clock that only goes forward. */
  receive(message: StateMessage, now: number): Reaction {
    switch (message.kind) {
      case "heartbeat":
        return message.proxyId === this.#deps.proxyId ? this.#heardName(message) : this.#heard(message, now);
      case "delta":
        return this.#learn(message.life, (peer) => peer.topics?.delta(message));
      case "snapshot":
        return this.#learn(message.life, (peer) => peer.topics?.snapshot(message));
      case "want":
        this.#snapshots.ask(message.life, message.buckets);
        return nothing;
      case "outdated":
        return this.#raise(message.epoch);
    }
  }

  /** Peers heard of within the time-out. */
  peers(now: number): readonly Peer[] {
    return this.#peers.all(now);
  }

  audience(topicId: TopicId, now: number): KnownAudience {
    const counts = new Map<string, number>();
    const unknown: string[] = [];
    for (const { said, topics } of this.#peers.all(now)) {
      const count = topics?.count(topicId);
      if (count === undefined) unknown.push(said.proxyId);
      else counts.set(said.proxyId, count);
    }
    return { counts, unknown };
  }

  #heartbeat(bye: boolean): Heartbeat {
    const { proxyId, life, build, connections } = this.#deps;
    this.#seq += 1;
    return {
      kind: "heartbeat",
      proxyId,
      epoch: this.#epoch,
      protocol: protocolVersion,
      build,
      topics: this.#own.size,
      connections: connections(),
      bye,
      process: { life, seq: this.#seq },
      state: this.#own.digest(),
    };
  }

  #heard(said: Heartbeat, now: number): Reaction {
    const hearing = this.#peers.heard(said, now);
    switch (hearing.kind) {
      case "ignored":
        return nothing;
      case "gone":
        return { ...nothing, news: [{ kind: "peer-gone", proxyId: said.proxyId }] };
      case "outdated":
        return { ...nothing, send: outdated(said, hearing.epoch) };
      case "known":
        return this.#compare(hearing.peer);
      case "new": {
        const { send, news } = this.#compare(hearing.peer);
        return { send, announce: true, news: [{ kind: "peer-new", peer: hearing.peer }, ...news] };
      }
    }
  }

  #compare(peer: Peer): Reaction {
    const { said, topics, life } = peer;
    if (topics === undefined || said.state === undefined) return nothing;
    const before = topics.knowledge;
    const buckets = topics.compare(said.state, said.topics);
    const isNowCounted = topics.knowledge === "counted" && before !== "counted";
    return {
      ...nothing,
      send: buckets.length === 0 ? [] : [{ to: life, message: { kind: "want", life: this.#deps.life, buckets } }],
      news: isNowCounted ? [{ kind: "peer-counted", peer }] : [],
    };
  }

  #learn(life: string, take: (peer: Peer) => void): Reaction {
    const peer = this.#peers.ofLife(life);
    if (peer !== undefined) take(peer);
    return nothing;
  }

  /** A heartbeat under this proxy's own id: its own, that of an earlier process, or of one that should not be. */
  #heardName({ epoch, process }: Heartbeat): Reaction {
    const life = process?.life ?? "";
    if (life === this.#deps.life) return nothing;
    this.#namesakes += 1;
    const news: readonly News[] = this.#namesakes >= namesakeAfter ? [{ kind: "namesake" }] : [];
    const isOlder = isLater({ epoch: this.#epoch, life: this.#deps.life }, { epoch, life });
    return isOlder ? { ...nothing, news } : { ...this.#raise(epoch), news };
  }

  /** At most once a heartbeat, so that two processes with one id do not drive each other on without end. */
  #raise(epoch: number): Reaction {
    if (epoch < this.#epoch || this.#raised) return nothing;
    this.#raised = true;
    this.#epoch = epoch + 1;
    return { ...nothing, announce: true };
  }
}

/** Builds of protocol 1 cannot be told. */
const outdated = ({ process }: Heartbeat, epoch: number): readonly Outgoing[] =>
  process === undefined ? [] : [{ to: process.life, message: { kind: "outdated", epoch } }];
