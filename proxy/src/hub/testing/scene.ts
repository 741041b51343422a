import { expect } from "vitest";
import type { TopicId } from "../event.ts";
import { createHub, type Hub } from "../hub.ts";
import { CountingMetrics } from "./counting-metrics.ts";
import { blocksOf, type World } from "./delivery-check.ts";
import { ManualClock } from "./manual-clock.ts";
import { ModelJournal } from "./model-journal.ts";
import { RecordingSink } from "./recording-sink.ts";
import type { Client, Judge, Kind } from "./scene-client.ts";
import { goElsewhere } from "./scene-elsewhere.ts";
import { type Step, topics } from "./scene-steps.ts";

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined };
const utf8 = new TextEncoder();

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
  #resumeEvents = 1_000;
  #failingSince: number | undefined;
  /** Longest time for which reads failed, in milliseconds. */
  failedMs = 0;

  constructor(kinds: readonly Kind<Check>[], batchWindowMs = 0) {
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
        settings: () => ({
          maxConnections: 100,
          keepaliveIntervalSec: 2,
          retryMs: 2_000,
          batchWindowMs,
          replaysAtOnce: 2,
          resumeLimits: { maxEvents: this.#resumeEvents, maxBytes: 100_000 },
        }),
        sweepIntervalSec: 5,
        interestLingerSec: 3,
      },
      {
        ring: { maxFrames: 4, maxBytes: 1_600, pieceBytes: 90 },
        feed: { maxHeldEvents: 3, maxHeldBytes: 1_000, patienceMs: 10_000 },
        merge: { maxItems: 8, maxBytes: 1_000 },
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
      else if (each.do === "be unreadable") await this.#beUnreadable();
      else await this.clock.turn();
    }
  }

  /** All faults end; by then everything must have been delivered. */
  async heal(): Promise<void> {
    const { journal } = this;
    journal.stale = 0;
    journal.answerDelayMs = 0;
    this.#failReads(false);
    journal.hurry();
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
        this.#with(each.client, (at) => this.#cut(at, each));
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
        this.#failReads(each.on);
        return;
      case "read slowly":
        if (each.ms === 0) journal.hurry();
        else journal.readMs = each.ms;
        return;
      case "go elsewhere":
        this.#with(each.client, (at) => {
          if (at.stream === undefined) goElsewhere(at, this.#worlds, { epoch: journal.epoch, events: each.events });
        });
        return;
      case "be unreadable":
        journal.losing = true;
        journal.store(this.#topicId(each.topic), this.#event());
        journal.losing = false;
        for (const of of [each.topic, ...each.meanwhile]) journal.store(this.#topicId(of), this.#event());
        return;
      case "bound resumes":
        this.#resumeEvents = each.events;
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

  /** Longer than others wait for it. */
  async #beUnreadable(): Promise<void> {
    this.#failReads(true);
    await this.clock.advance(40_000);
    this.#failReads(false);
  }

  #failReads(fail: boolean): void {
    if (this.#failingSince !== undefined)
      this.failedMs = Math.max(this.failedMs, this.clock.now() - this.#failingSince);
    this.#failingSince = fail ? (this.#failingSince ?? this.clock.now()) : undefined;
    this.journal.readsFail = fail;
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

  #cut(at: Client<Check>, { keep, whole }: Extract<Step, { do: "cut" }>): void {
    if (at.stream === undefined) return;
    at.stream.closed();
    at.stream = undefined;
    const { bytes, writes } = at.sink;
    let kept = Math.ceil(bytes.length * keep);
    let end = 0;
    const before = writes.map((write) => (end += write.length)).findLast((each) => each <= kept) ?? 0;
    if (whole) kept = before;
    at.check.take(blocksOf(bytes.subarray(0, kept)));
    at.check.cut?.(kept > before);
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
