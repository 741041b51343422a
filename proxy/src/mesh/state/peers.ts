import { PeerTopics } from "./peer-topics.ts";
import type { Heartbeat } from "./state-message.ts";

/** A proxy of the same system, as last heard of. */
export interface Peer {
  readonly said: Heartbeat;
  /** Process of the peer. */
  readonly life: string;
  /** Milliseconds of the clock that `heard` was given. */
  readonly lastHeardAt: number;
  /** Undefined for a peer that does not tell its topics (protocol 1). */
  readonly topics: PeerTopics | undefined;
}

/** `known`: as before. `new`: nothing was known of this process. `gone`: it said goodbye. `ignored`: late, doubled or no room. */
export type Hearing =
  | { readonly kind: "known" | "new"; readonly peer: Peer }
  | { readonly kind: "gone" | "ignored" }
  /** It is an older process than the one that is known; `epoch` is the latter's. */
  | { readonly kind: "outdated"; readonly epoch: number };

export interface PeerBounds {
  /** Milliseconds of silence after which a peer is forgotten. */
  readonly timeoutMs: number;
  /** Most topics held of one peer. */
  readonly mostTopics: number;
  /** More proxies than one instance will ever have: a bound on memory, not on use. */
  readonly mostPeers?: number;
}

/** Where a peer was when it went, so that late messages do not bring it back. */
interface Trace {
  readonly life: string;
  readonly epoch: number;
  readonly seq: number;
  /** Forgotten then, in milliseconds of the process's clock. */
  readonly until: number;
}

const defaultMostPeers = 1_000;

/** Place of a heartbeat of protocol 1: after every other one but a goodbye. */
const unnumbered = Number.MAX_VALUE;

/** Builds of protocol 1 do not name their processes: the epoch does it. */
const lifeOf = ({ process, epoch }: Heartbeat): string => process?.life ?? `epoch ${epoch}`;

/** The peers of one proxy: one entry a proxy id; its latest process counts. */
export class Peers {
  readonly #bounds: Required<PeerBounds>;
  readonly #peers = new Map<string, Peer>();
  readonly #traces = new Map<string, Trace>();

  constructor(bounds: PeerBounds) {
    this.#bounds = { mostPeers: defaultMostPeers, ...bounds };
  }

  /** A heartbeat has come at `now`, in milliseconds of any clock that only goes forward. */
  heard(said: Heartbeat, now: number): Hearing {
    this.#expire(now);
    const { proxyId, epoch } = said;
    const peer = this.#peers.get(proxyId);
    const life = lifeOf(said);
    const before = this.#placeOf(peer) ?? this.#traces.get(proxyId);
    if (before?.life === life) {
      if (before.seq >= (said.process?.seq ?? unnumbered)) return { kind: "ignored" };
    } else if (before !== undefined && !isLater({ epoch, life }, before)) {
      return { kind: "outdated", epoch: before.epoch };
    }
    if (said.bye) return this.#bye(said, now);
    return this.#take(said, peer?.life === life ? peer : undefined, now);
  }

  all(now: number): readonly Peer[] {
    this.#expire(now);
    return [...this.#peers.values()];
  }

  ofLife(life: string): Peer | undefined {
    for (const peer of this.#peers.values()) if (peer.life === life) return peer;
    return undefined;
  }

  #take(said: Heartbeat, known: Peer | undefined, lastHeardAt: number): Hearing {
    const { mostPeers, mostTopics } = this.#bounds;
    const { proxyId } = said;
    if (!this.#peers.has(proxyId) && this.#peers.size >= mostPeers) return { kind: "ignored" };
    const topics = said.state === undefined ? undefined : (known?.topics ?? new PeerTopics(mostTopics));
    const peer: Peer = { said, life: lifeOf(said), lastHeardAt, topics };
    this.#traces.delete(proxyId);
    this.#peers.set(proxyId, peer);
    return { kind: known === undefined ? "new" : "known", peer };
  }

  #bye(said: Heartbeat, now: number): Hearing {
    const gone = this.#peers.delete(said.proxyId);
    this.#leaveTrace(said, Number.POSITIVE_INFINITY, now);
    return { kind: gone ? "gone" : "ignored" };
  }

  #expire(now: number): void {
    const { timeoutMs } = this.#bounds;
    for (const { said, lastHeardAt } of this.#peers.values()) {
      if (now - lastHeardAt < timeoutMs) continue;
      this.#peers.delete(said.proxyId);
      if (said.process !== undefined) this.#leaveTrace(said, said.process.seq, now);
    }
    for (const [proxyId, { until }] of this.#traces) if (now >= until) this.#traces.delete(proxyId);
  }

  #leaveTrace(said: Heartbeat, seq: number, now: number): void {
    const { proxyId, epoch } = said;
    const [oldest] = this.#traces.keys();
    if (oldest !== undefined && this.#traces.size >= this.#bounds.mostPeers) this.#traces.delete(oldest);
    this.#traces.delete(proxyId);
    this.#traces.set(proxyId, { life: lifeOf(said), epoch, seq, until: now + this.#bounds.timeoutMs });
  }

  #placeOf(peer: Peer | undefined): Omit<Trace, "until"> | undefined {
    if (peer === undefined) return undefined;
    return { life: peer.life, epoch: peer.said.epoch, seq: peer.said.process?.seq ?? 0 };
  }
}

interface Age {
  readonly epoch: number;
  readonly life: string;
}

/** Whether `a` is the later process of a proxy id; two with the same epoch are told apart by their names. */
export const isLater = (a: Age, b: Age): boolean => a.epoch > b.epoch || (a.epoch === b.epoch && a.life > b.life);
