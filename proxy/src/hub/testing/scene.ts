import fc from "fast-check";
import { expect } from "vitest";
import type { Topic, TopicId } from "../event.ts";
import type { FrameEncoding } from "../frame-encoding.ts";
import { createHub, type Hub } from "../hub.ts";
import type { TopicRef } from "../past.ts";
import type { OpenStream } from "../ports.ts";
import { CountingMetrics } from "./counting-metrics.ts";
import { type Block, blocksOf, type World } from "./delivery-check.ts";
import { ManualClock } from "./manual-clock.ts";
import { ModelJournal } from "./model-journal.ts";
import { RecordingSink } from "./recording-sink.ts";

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined };
const utf8 = new TextEncoder();

/** The topics that events are published on. */
export const topics: readonly TopicRef[] = ["a", "b", "c"].map((name) => ({
  topic: name as Topic,
  topicId: name.repeat(32) as TopicId,
}));

/** What a client listens to, and the judge of what it gets. */
export interface Kind<Check> {
  readonly topics: readonly TopicRef[];
  readonly encoding: FrameEncoding;
  readonly judge: (worldOf: (epoch: number) => World) => Check;
}

export interface Judge {
  readonly lastEventId: string;
  take(blocks: readonly Block[]): void;
  /** The connection is over. */
  cut?(): void;
}

export interface Client<Check extends Judge> {
  readonly check: Check;
  readonly of: Kind<Check>;
  sink: RecordingSink;
  stream: OpenStream | undefined;
}

const topic = fc.nat(topics.length - 1);
const client = fc.nat(5);
const step = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant("publish" as const),
      topic,
      lost: fc.boolean(),
      count: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("publish malformed" as const), topic }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("open" as const), kind: fc.nat(7) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("cut" as const), client, keep: fc.double({ min: 0, max: 1, noNaN: true }) }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("reopen" as const), client }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("slow down" as const), client, patience: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("writable" as const), client }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      ms: fc.constantFrom(0, 1, 50, 250, 1_100, 6_000, 16_000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("tell late" as const), on: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("lose what is under way" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("disconnect" as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("connect" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("expire" as const), keep: fc.nat(12) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("nudge" as const), topic, ahead: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("stale" as const), by: fc.nat(4) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("answer late" as const), ms: fc.constantFrom(0, 5, 300) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("fail reads" as const), on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("rename" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("restore" as const), topic, without: fc.nat(8), meanwhile: fc.nat(2) }),
  },
);
export type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** One hub, its clients and a journal with every fault there is. */
export class Scene<Check extends Judge> {
  readonly clock = new ManualClock();
  readonly metrics = new CountingMetrics();
  readonly journal: ModelJournal;
  readonly clients: Client<Check>[] = [];
  readonly #kinds: readonly Kind<Check>[];
  readonly hub: Hub;
  readonly #worlds = new Map<number, World>();
  #world: World & { removedTo: number };
  #published = 0;

  constructor(kinds: readonly Kind<Check>[]) {
    this.#kinds = kinds;
    this.journal = new ModelJournal(this.clock, { pageSize: 5 });
    this.#world = this.#nameWorld({ entries: this.journal.history, removedTo: 0 });
    this.hub = createHub(
      {
        journal: this.journal,
        clock: this.clock,
        random: () => 0.5,
        metrics: this.metrics,
        log: { ...silent, error: (message, fields) => expect.unreachable(`${message} ${String(fields?.["fault"])}`) },
        settings: () => ({ maxConnections: 100, keepaliveIntervalSec: 2, retryMs: 2_000 }),
        sweepIntervalSec: 5,
        interestLingerSec: 3,
      },
      {
        ring: { maxFrames: 4, maxBytes: 1_600, pieceBytes: 90 },
        feed: { maxHeldEvents: 3, maxHeldBytes: 1_000, patienceMs: 10_000 },
        merge: { maxItems: 6, maxBytes: 1_000 },
        ringBudgetBytes: 1_800,
        streamsPerTurn: 2,
        pages: { maxBytes: 2_000, lifeMs: 1_000, answersPerTurn: 3 },
      },
    );
  }

  get world(): World {
    return this.#world;
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const each of steps) {
      this.#run(each);
      if (each.do === "wait") await this.clock.advance(each.ms);
      else await this.clock.turn();
    }
  }

  /** All faults end; by then everything must have been delivered. */
  async heal(): Promise<void> {
    const { journal } = this;
    journal.stale = 0;
    journal.answerDelayMs = 0;
    journal.readsFail = false;
    journal.slow = false;
    journal.deliver();
    journal.connect();
    for (const each of this.clients) {
      each.sink.patience = Number.POSITIVE_INFINITY;
      each.sink.drained();
      if (each.stream === undefined) this.#connect(each);
      else each.stream.writable();
    }
    await this.clock.advance(30_000);
    for (const each of this.clients) each.check.take(blocksOf(each.sink.bytes));
  }

  #run(each: Step): void {
    const { journal } = this;
    switch (each.do) {
      case "publish":
        journal.losing = each.lost;
        for (let count = 0; count < each.count; count += 1) journal.store(this.#topicId(each.topic), this.#event());
        journal.losing = false;
        return;
      case "publish malformed":
        journal.store(this.#topicId(each.topic), undefined);
        return;
      case "open":
        this.#open(each.kind);
        return;
      case "cut":
        this.#with(each.client, (at) => this.#cut(at, each.keep));
        return;
      case "reopen":
        this.#with(each.client, (at) => at.stream === undefined && this.#connect(at));
        return;
      case "slow down":
        this.#with(each.client, (at) => {
          at.sink.patience = each.patience;
        });
        return;
      case "writable":
        this.#with(each.client, (at) => {
          at.sink.drained();
          at.stream?.writable();
        });
        return;
      case "wait":
        return;
      case "tell late":
        journal.slow = each.on;
        if (!each.on) journal.deliver();
        return;
      case "lose what is under way":
        journal.loseUntold();
        return;
      case "disconnect":
        journal.disconnect();
        return;
      case "connect":
        journal.connect();
        return;
      case "expire":
        journal.expire(journal.lastSequence - each.keep);
        this.#world.removedTo = journal.removedTo;
        return;
      case "nudge":
        journal.nudge(this.#topicId(each.topic), journal.lastSequence + each.ahead);
        return;
      case "stale":
        journal.stale = each.by;
        // Longer than any replica is behind, shorter than the hub's patience.
        this.clock.after(5_000, () => {
          journal.stale = 0;
        });
        return;
      case "answer late":
        journal.answerDelayMs = each.ms;
        return;
      case "fail reads":
        journal.readsFail = each.on;
        return;
      case "restart":
        journal.restart();
        this.#world = this.#nameWorld({ entries: journal.history, removedTo: 0 });
        return;
      case "restore":
        this.#restore(Math.max(0, journal.lastSequence - each.without), () => {
          for (let count = 0; count < each.meanwhile; count += 1)
            journal.store(this.#topicId(each.topic), this.#event());
        });
        return;
      case "rename":
        journal.rename();
        this.#nameWorld(this.#world);
    }
  }

  #restore(keptTo: number, meanwhile: () => void): void {
    const of = this.#world;
    this.journal.restore(keptTo, meanwhile);
    const { history: entries, removedTo } = this.journal;
    this.#world = this.#nameWorld({ entries, removedTo, kept: { of, to: keptTo } });
  }

  #open(index: number): void {
    const of = this.#kinds[index % this.#kinds.length];
    if (of === undefined || this.clients.length > 5) return;
    const check = of.judge((epoch) => this.#worldOf(epoch));
    const at: Client<Check> = { check, of, sink: new RecordingSink(), stream: undefined };
    this.clients.push(at);
    this.#connect(at);
  }

  #connect(at: Client<Check>): void {
    at.sink = new RecordingSink();
    const opened = this.hub.open({ ...at.of, lastEventId: at.check.lastEventId }, at.sink);
    if ("refused" in opened) expect.unreachable(opened.refused);
    else at.stream = opened;
  }

  #cut(at: Client<Check>, keep: number): void {
    if (at.stream === undefined) return;
    at.stream.closed();
    at.stream = undefined;
    at.check.take(blocksOf(at.sink.bytes.subarray(0, Math.ceil(at.sink.byteLength * keep))));
    at.check.cut?.();
    at.sink = new RecordingSink();
  }

  #with(index: number, action: (at: Client<Check>) => void): void {
    const at = this.clients[index % this.clients.length];
    if (at !== undefined) action(at);
  }

  #nameWorld<Named extends World>(world: Named): Named {
    this.#worlds.set(this.journal.epoch, world);
    return world;
  }

  #worldOf(epoch: number): World {
    return this.#worlds.get(epoch) ?? expect.unreachable(`no such epoch: ${epoch}`);
  }

  #topicId(index: number): TopicId {
    return topics[index]?.topicId ?? expect.unreachable(`no such topic: ${index}`);
  }

  #event(): { readonly data: Uint8Array } {
    this.#published += 1;
    return { data: utf8.encode(`event ${this.#published}`) };
  }
}

export const steps = fc.array(step, { minLength: 5, maxLength: 60, size: "max" });

/** As many runs as `HUB_RUNS` says, from the seed `HUB_SEED` says; else few, from a random one, which a failure prints. */
export const schedules = (): { readonly numRuns: number; readonly seed?: number } => {
  const seed = process.env["HUB_SEED"];
  return { numRuns: Number(process.env["HUB_RUNS"] ?? 2_500), ...(seed === undefined ? {} : { seed: Number(seed) }) };
};

/** Milliseconds that so many schedules may take on a machine that is busy with others. */
export const scheduleTimeout = (): number => 120_000 + schedules().numRuns * 20;
