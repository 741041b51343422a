import { type Observation, observationLine } from "../check/record.ts";
import { topicName } from "../plan.ts";
import type { Random } from "../random.ts";
import type { Block } from "./block-reader.ts";
import { isLastOfTopic, keyOf } from "./event-data.ts";
import { openStreamSocket, type StreamSocket } from "./stream-socket.ts";

/** How a client behaves besides listening. */
export interface Habits {
  /** Mean seconds after which it leaves and comes back, at once, at another proxy; 0: it stays. */
  readonly hopSeconds: number;
  /** Now and then it reads nothing for a while. */
  readonly slow: boolean;
  /** Seconds it stays away when it leaves; 0: it comes back at once. */
  readonly awaySeconds: number;
}

export interface ClientParts {
  readonly client: number;
  readonly topics: readonly number[];
  readonly envelope: boolean;
  readonly habits: Habits;
  readonly whereabouts: Whereabouts;
  /** Milliseconds without a byte after which it takes the connection for dead. */
  readonly silenceMs: number;
  readonly random: Random;
  readonly write: (line: string) => void;
  readonly counts: ClientCounts;
}

export interface ProxyTarget {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

/** Where clients may go now; nowhere: they wait until they are called. */
export interface Whereabouts {
  proxies: readonly ProxyTarget[];
}

/** Of all clients of a worker. */
export interface ClientCounts {
  live: number;
  connects: number;
  delivered: number;
  gaps: number;
  broken: number;
}

const comeBackMs: readonly [number, number] = [100, 1_500];
const pauseSeconds: readonly [number, number] = [2, 20];
const slowEverySeconds = 15;

/** A client that holds one stream, comes back wherever it can, and writes down what it sees. */
export class Client {
  readonly #parts: ClientParts;
  readonly #target: string;
  readonly #lastOfTopics = new Set<string>();
  readonly #timers = new Map<"come-back" | "habit", NodeJS.Timeout>();
  #socket: StreamSocket | undefined;
  #live = false;
  #lastEventId: string | undefined;
  #settled = false;

  constructor(parts: ClientParts) {
    this.#parts = parts;
    const names = parts.topics.map(topicName);
    const query = [
      ...names.map((name) => `topic=${encodeURIComponent(name)}`),
      ...(parts.envelope ? ["envelope=json"] : []),
    ];
    this.#target = names.length === 1 && !parts.envelope ? `/events/${names[0]}` : `/events?${query.join("&")}`;
    parts.write(observationLine({ kind: "client", client: parts.client, topics: parts.topics }));
  }

  /** True when it has the last event of each of its topics. */
  get level(): boolean {
    return this.#lastOfTopics.size === this.#parts.topics.length;
  }

  start(): void {
    this.#connect();
    this.#planHabit();
  }

  /** There is somewhere to go: it goes at once if it has no stream. */
  call(): void {
    this.#cancel("come-back");
    if (this.#socket === undefined) this.#connect();
  }

  /** From now on it only listens: no more leaving, and no more slow reading. */
  settle(): void {
    this.#settled = true;
    this.#cancel("habit");
    this.#socket?.pause(false);
    if (this.#socket !== undefined) return;
    this.#later("come-back", this.#parts.random.between(...comeBackMs), () => this.#connect());
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#leave("stop");
  }

  #connect(): void {
    const { whereabouts, random, silenceMs } = this.#parts;
    if (whereabouts.proxies.length === 0) return;
    const proxy = random.pick(whereabouts.proxies);
    this.#socket = openStreamSocket({
      ...proxy,
      target: this.#target,
      lastEventId: this.#lastEventId,
      silenceMs,
      onOpen: () => {
        this.#setLive(true);
        this.#parts.counts.connects += 1;
        this.#write({ kind: "open", ...this.#now(), proxy: proxy.name, lastEventId: this.#lastEventId });
      },
      onBlock: (block) => this.#take(block),
      onBroken: (why) => {
        this.#parts.counts.broken += 1;
        this.#write({ kind: "broken", ...this.#now(), why });
      },
      onEnd: (why) => this.#ended(why),
    });
  }

  #ended(why: string): void {
    this.#left(why);
    this.#later("come-back", this.#parts.random.between(...comeBackMs), () => this.#connect());
  }

  #leave(why: string): void {
    if (this.#socket === undefined) return;
    this.#socket.close();
    this.#left(why);
  }

  #left(why: string): void {
    if (this.#live) this.#write({ kind: "close", ...this.#now(), why });
    this.#setLive(false);
    this.#socket = undefined;
  }

  #setLive(live: boolean): void {
    if (live !== this.#live) this.#parts.counts.live += live ? 1 : -1;
    this.#live = live;
  }

  #take({ id, event, data }: Block): void {
    if (id !== undefined) this.#lastEventId = id;
    if (data === undefined) {
      if (id !== undefined) this.#write({ kind: "id", ...this.#now(), id });
      return;
    }
    if (event === "revenprox.gap") this.#gap(data);
    else this.#event(id ?? "", data);
  }

  #event(id: string, data: string): void {
    const { envelope, counts } = this.#parts;
    const text = envelope ? (JSON.parse(data) as { readonly data: string }).data : data;
    const key = keyOf(text) ?? "unreadable";
    counts.delivered += 1;
    this.#write({ kind: "event", ...this.#now(), id, key, size: text.length });
    if (isLastOfTopic(key)) this.#lastOfTopics.add(key);
  }

  #gap(data: string): void {
    const { topic, from, to, reason } = JSON.parse(data) as {
      readonly topic: string;
      readonly from: string | null;
      readonly to: string;
      readonly reason: string;
    };
    this.#parts.counts.gaps += 1;
    const number = this.#parts.topics.find((each) => topicName(each) === topic) ?? -1;
    this.#write({ kind: "gap", ...this.#now(), topic: number, from: from ?? undefined, to, reason });
  }

  #planHabit(): void {
    const { habits, random } = this.#parts;
    const mean = habits.slow ? slowEverySeconds : habits.hopSeconds;
    if (mean === 0 || this.#settled) return;
    this.#later("habit", mean * 1_000 * (0.3 + 1.4 * random.fraction()), () => {
      if (habits.slow) this.#readNothing();
      else this.#goAway();
    });
  }

  #readNothing(): void {
    const paused = this.#socket;
    paused?.pause(true);
    this.#later("habit", this.#parts.random.between(...pauseSeconds) * 1_000, () => {
      if (this.#socket === paused) paused?.pause(false);
      this.#planHabit();
    });
  }

  #goAway(): void {
    const { habits, random } = this.#parts;
    this.#leave("hop");
    const away = habits.awaySeconds * 1_000 + random.between(0, 300);
    this.#later("come-back", away, () => this.#connect());
    this.#later("habit", away, () => this.#planHabit());
  }

  #later(what: "come-back" | "habit", milliseconds: number, action: () => void): void {
    this.#cancel(what);
    this.#timers.set(what, setTimeout(action, milliseconds));
  }

  #cancel(what: "come-back" | "habit"): void {
    clearTimeout(this.#timers.get(what));
  }

  #now(): { readonly client: number; readonly at: number } {
    return { client: this.#parts.client, at: Date.now() };
  }

  #write(seen: Observation): void {
    this.#parts.write(observationLine(seen));
  }
}
