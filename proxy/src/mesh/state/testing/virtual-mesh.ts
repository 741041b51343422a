import type { TopicId } from "../../../hub/event.ts";
import type { Outgoing } from "../state-message.ts";
import { TopicState } from "../topic-state.ts";
import { type EncodedMessage, encoded, parseEncoded } from "../wire.ts";

/** Virtual milliseconds between two heartbeats of a node, give or take a tenth. */
export const heartbeatMs = 1_000;
export const peerTimeoutMs = 4 * heartbeatMs;
const batchMs = heartbeatMs / 10;
const greetingMs = heartbeatMs / 25;
/** Longest way of a message without faults. */
const wayMs = heartbeatMs / 100;

/** Twice the longest interval, and the ways of a question, its answer and a greeting. */
export const twoHeartbeatsMs = 2.2 * heartbeatMs + greetingMs + 5 * wayMs;

/** Longest way of a late message. A later one could bring back a proxy that has been forgotten. */
export const latestMs = 0.95 * peerTimeoutMs;

/** What the network does to each message. */
export interface Faults {
  readonly loss: number;
  readonly duplication: number;
  /** Part of the messages that take up to `latestMs`. */
  readonly lateness: number;
}

export const noFaults: Faults = { loss: 0, duplication: 0, lateness: 0 };

export interface Node {
  readonly proxyId: string;
  readonly truth: Map<TopicId, number>;
  state: TopicState;
  life: string;
  /** `paused` nodes take what came meanwhile when they go on. */
  mode: "running" | "paused" | "dead";
  /** Messages and timers of a paused node. */
  readonly held: (() => void)[];
  partition: number;
  startedAt: number;
  skewMs: number;
}

interface Timed {
  readonly at: number;
  readonly action: () => void;
}

/** Numbers from 0 to 1 that depend on the seed alone (mulberry32). */
const randomFrom = (seed: number) => {
  let state = seed | 0;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    const a = Math.imul(state ^ (state >>> 15), 1 | state);
    const b = (a + Math.imul(a ^ (a >>> 7), 61 | a)) ^ a;
    return ((b ^ (b >>> 14)) >>> 0) / 4_294_967_296;
  };
};

/** Proxies that speak the topic-state protocol over a network that fails, in virtual time. */
export class VirtualMesh {
  readonly nodes: Node[] = [];
  faults: Faults = noFaults;
  now = 0;
  readonly #random: () => number;
  readonly #queue: Timed[] = [];
  readonly #mostTopics: number;
  #lives = 0;

  constructor(size: number, seed: number, mostTopics = 1_000) {
    this.#random = randomFrom(seed);
    this.#mostTopics = mostTopics;
    for (let index = 0; index < size; index += 1) this.#add(`p${index}`);
  }

  get running(): readonly Node[] {
    return this.nodes.filter(({ mode }) => mode === "running");
  }

  change(node: Node, topicId: TopicId, count: number): void {
    node.truth.set(topicId, count);
    node.state.changed(topicId);
  }

  die(node: Node, farewell: boolean): void {
    if (farewell && node.mode === "running") this.#send(node, [node.state.farewell()]);
    node.mode = "dead";
    node.held.length = 0;
  }

  /**
   * A new process under the same id, whose clock is off by `skewMs`; not set back where words of a process that began a
   * moment ago can still come: those are believed until the next heartbeat (docs/protocol.md).
   */
  restart(node: Node, skewMs: number): void {
    node.skewMs = this.now - node.startedAt < latestMs ? Math.max(skewMs, node.skewMs) : skewMs;
    node.startedAt = this.now;
    node.mode = "running";
    node.held.length = 0;
    node.truth.clear();
    Object.assign(node, this.#process(node.proxyId, node.truth, node.skewMs));
    this.#begin(node);
  }

  pause(node: Node): void {
    if (node.mode === "running") node.mode = "paused";
  }

  resume(node: Node): void {
    if (node.mode !== "paused") return;
    node.mode = "running";
    for (const action of node.held.splice(0)) action();
  }

  advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const next = this.#queue.at(-1);
      if (next === undefined || next.at > end) break;
      this.#queue.pop();
      this.now = next.at;
      next.action();
    }
    this.now = end;
  }

  /** What a node knows wrongly, in words; empty where all is as it should be. */
  faultsOf(node: Node, topics: readonly TopicId[], isDeadForgotten: boolean): readonly string[] {
    const faults: string[] = [];
    const known = new Map(node.state.peers(this.now).map((peer) => [peer.said.proxyId, peer]));
    for (const other of this.nodes) {
      if (other === node) continue;
      const peer = known.get(other.proxyId);
      const about = `${node.proxyId} of ${other.proxyId}:`;
      if (other.mode === "dead") {
        if (peer !== undefined && isDeadForgotten) faults.push(`${about} is still there`);
      } else if (peer === undefined) faults.push(`${about} unknown`);
      else if (peer.life !== other.life) faults.push(`${about} an earlier process`);
      else faults.push(...this.#wrongCounts(other, peer.topics, topics).map((fault) => `${about} ${fault}`));
    }
    return faults;
  }

  #wrongCounts(
    { truth }: Node,
    held: { count(topicId: TopicId): number | undefined } | undefined,
    topics: readonly TopicId[],
  ): readonly string[] {
    return topics.flatMap((topicId) => {
      const count = held?.count(topicId);
      const should = truth.get(topicId) ?? 0;
      return count === should ? [] : [`${count} streams on ${topicId} that are ${should}`];
    });
  }

  #add(proxyId: string): void {
    const truth = new Map<TopicId, number>();
    const node: Node = {
      proxyId,
      truth,
      ...this.#process(proxyId, truth, 0),
      mode: "running",
      held: [],
      partition: 0,
      startedAt: Number.NEGATIVE_INFINITY,
      skewMs: 0,
    };
    this.nodes.push(node);
    this.#begin(node);
  }

  #process(proxyId: string, truth: ReadonlyMap<TopicId, number>, skewMs: number): Pick<Node, "state" | "life"> {
    this.#lives += 1;
    // Names of processes are random: later ones must not be greater.
    const life =
      Math.floor(this.#random() * 0xffff_ffff)
        .toString(16)
        .padStart(8, "0") + this.#lives.toString(16).padStart(8, "0");
    const state = new TopicState({
      proxyId,
      life,
      epoch: 1_700_000_000_000 + Math.floor(this.now) + skewMs,
      build: "model",
      timeoutMs: peerTimeoutMs,
      mostTopics: this.#mostTopics,
      mostChanges: 5,
      subscribers: (topicId) => truth.get(topicId) ?? 0,
      connections: () => 0,
    });
    return { state, life };
  }

  #begin(node: Node): void {
    this.#send(node, node.state.heartbeat());
    this.#every(node, heartbeatMs, () => node.state.heartbeat());
    this.#every(node, batchMs, () => node.state.flush());
  }

  /** Until the process ends. */
  #every(node: Node, ms: number, make: () => readonly Outgoing[]): void {
    this.#after(node, ms * (0.9 + 0.2 * this.#random()), () => {
      this.#send(node, make());
      this.#every(node, ms, make);
    });
  }

  /** Never for another process than the one that asked for it. */
  #after(node: Node, ms: number, action: () => void): void {
    const { life } = node;
    this.#at(this.now + ms, () => {
      if (node.life !== life || node.mode === "dead") return;
      if (node.mode === "paused") node.held.push(action);
      else action();
    });
  }

  #at(at: number, action: () => void): void {
    let low = 0;
    let high = this.#queue.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#queue[middle]?.at ?? 0) > at) low = middle + 1;
      else high = middle;
    }
    this.#queue.splice(low, 0, { at, action });
  }

  #send(from: Node, messages: readonly Outgoing[]): void {
    for (const { to, message } of messages) {
      const wire = encoded(message);
      for (const node of this.nodes) if (to === undefined || node.life === to) this.#carry(from, node, wire);
    }
  }

  #carry(from: Node, to: Node, wire: EncodedMessage): void {
    if (from.partition !== to.partition) return;
    const { loss, duplication, lateness } = this.faults;
    if (from !== to && this.#random() < loss) return;
    const times = this.#random() < duplication ? 2 : 1;
    for (let time = 0; time < times; time += 1) {
      const longest = this.#random() < lateness ? latestMs : wayMs;
      this.#after(to, this.#random() * longest, () => this.#arrive(to, wire));
    }
  }

  #arrive(node: Node, wire: EncodedMessage): void {
    const message = parseEncoded(wire);
    if (message === undefined) throw new Error("a message of the model cannot be read");
    const { send, announce } = node.state.receive(message, this.now);
    this.#send(node, send);
    if (announce) this.#after(node, this.#random() * greetingMs, () => this.#send(node, node.state.announcement()));
    for (let part = node.state.nextSnapshot(); part !== undefined; part = node.state.nextSnapshot())
      this.#send(node, [part]);
  }
}
