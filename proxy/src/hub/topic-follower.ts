import { backOffMs } from "./back-off.ts";
import type { Backpressure } from "./backpressure.ts";
import { DeliveredEvent } from "./delivered-event.ts";
import type { Topic, TopicId } from "./event.ts";
import { formatEventId } from "./event-id.ts";
import type { FanOut } from "./fan-out.ts";
import { encodedFrame } from "./frame-encoding.ts";
import { FrameRing, type RingLimits } from "./frame-ring.ts";
import type { MergeMember } from "./merge-buffer.ts";
import {
  type Clock,
  type HubMetrics,
  type Journal,
  type JournalPage,
  JournalUnavailable,
  type LiveEvent,
  type Log,
} from "./ports.ts";
import type { ReadGate } from "./read-gate.ts";
import type { RingBudget } from "./ring-budget.ts";
import type { SentTally } from "./sent-tally.ts";
import { gapFrames } from "./sse-frame.ts";
import { isOpen, type Stream, type StreamCounts, type StreamOwner } from "./stream.ts";
import { StreamOpening } from "./stream-opening.ts";
import type { SweptTopic, TailSweep } from "./tail-sweep.ts";
import { type FeedEffect, type FeedLimits, type TailReport, TopicFeed } from "./topic-feed.ts";
import { type TopicListener, TopicListeners } from "./topic-listeners.ts";
import { TopicStreams } from "./topic-streams.ts";
import type { TopicView } from "./topic-view.ts";

/** A replica that answered the first comparison may have been behind the leader; by then it no longer is. */
const secondLookMs = 1_000;

/** What all followed topics of a hub share. */
export interface SharedByTopics {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: HubMetrics;
  readonly tally: SentTally;
  readonly fanOut: FanOut;
  readonly sweep: TailSweep;
  readonly ringBudget: RingBudget;
  readonly replayGate: ReadGate;
  readonly fillGate: ReadGate;
  readonly epoch: () => number;
  readonly retryMs: () => number;
  readonly backpressure: () => Backpressure;
  readonly lingerMs: number;
  readonly counts: StreamCounts;
  readonly ringLimits: RingLimits;
  readonly feedLimits: FeedLimits;
  readonly onClosed: (stream: Stream) => void;
}

type DeliverEffect = Extract<FeedEffect, { kind: "deliver" }>;
type TimerName = "linger" | "second-look" | "follow";

/** Follows one topic while it has streams, and a while longer. */
export class TopicFollower implements SweptTopic, TopicView, StreamOwner, MergeMember {
  readonly topic: Topic;
  readonly topics: readonly Topic[];
  readonly topicId: TopicId;
  readonly ring: FrameRing;
  readonly streams: TopicStreams;
  readonly #shared: SharedByTopics;
  readonly #opening: StreamOpening;
  readonly #onIdle: (follower: TopicFollower) => void;
  readonly #feed: TopicFeed;
  readonly #listeners = new TopicListeners();
  #subscription: { stop(): void } | undefined;
  #readsFor = 0;
  #doubted = false;
  /** Where the journal stood when it could be reached again after streams had waited for it. */
  #beginAfter: number | undefined;
  #stopped = false;
  readonly #timers = new Map<TimerName, () => void>();

  /** `onIdle` is told when nobody has listened for the linger time. */
  constructor(shared: SharedByTopics, topic: Topic, topicId: TopicId, onIdle: (follower: TopicFollower) => void) {
    this.#shared = shared;
    this.topic = topic;
    this.topics = [topic];
    this.topicId = topicId;
    this.#onIdle = onIdle;
    this.ring = new FrameRing(0, shared.ringLimits);
    this.#feed = new TopicFeed(shared.feedLimits);
    this.streams = new TopicStreams({
      ...shared,
      gate: shared.replayGate,
      members: [this],
      encoding: "plain",
      view: this,
    });
    this.#opening = new StreamOpening({
      ...shared,
      members: [this],
      view: this,
      feed: this.#feed,
      streams: this.streams,
      beyond: (sequence) => this.nudge(sequence),
    });
  }

  get counts(): StreamCounts {
    return this.#shared.counts;
  }

  get epoch(): number {
    return this.#shared.epoch();
  }

  get passed(): number {
    return this.#feed.passed ?? 0;
  }

  get opening(): boolean {
    return this.#feed.passed === undefined;
  }

  get behind(): boolean {
    return this.#doubted || this.#feed.behind;
  }

  /** Streams that get the topic's events, alone or with others. */
  get listening(): number {
    return this.streams.size + this.#listeners.streams;
  }

  start(): void {
    this.#follow(0);
  }

  attach(listener: TopicListener): void {
    this.#cancel("linger");
    this.#listeners.add(listener);
  }

  detach(listener: TopicListener): void {
    this.#listeners.remove(listener);
    this.#lingerIfIdle();
  }

  /** There is a sign of loss: until the topic was compared with the journal, others do not go ahead of it. */
  doubt(): void {
    if (!this.opening) this.#doubted = true;
  }

  join(stream: Stream): void {
    this.#cancel("linger");
    this.streams.add(stream);
    this.#opening.open(stream);
  }

  leave(stream: Stream): void {
    this.streams.remove(stream);
    this.#opening.leave(stream);
    this.#lingerIfIdle();
  }

  writable(stream: Stream): void {
    if (stream.state !== "connecting" && isOpen(stream)) this.streams.pump.pump(stream);
  }

  closed(stream: Stream): void {
    this.leave(stream);
    this.#shared.onClosed(stream);
  }

  keepalive(stream: Stream): void {
    this.streams.pump.keepalive(stream);
  }

  tail(report: TailReport): void {
    if (this.#stopped) return;
    const first = this.opening;
    this.#doubted = false;
    const effects = this.#feed.tail(report, this.#beginAfter);
    if (first) {
      this.#beginAfter = undefined;
      this.ring.reset(this.passed);
      this.#later("second-look", secondLookMs, () => this.#shared.sweep.check(this));
    }
    this.#run(effects);
    if (first) this.#opening.placeWaiting();
  }

  nudge(sequence: number): void {
    this.#run(this.#feed.nudge(sequence));
  }

  disconnected(): void {
    this.#feed.disconnected();
    this.#listeners.changed();
  }

  /** Streams that waited through the outage get what is stored from now on, however long their opening still takes. */
  reconnected(): void {
    if (!this.opening) return;
    this.#beginAfter ??= this.#shared.journal.known?.sequence;
    if (this.#timers.has("follow")) this.#follow(0);
  }

  epochChanged(oldEpoch: number, restarted: boolean): void {
    if (restarted) this.#restarted(oldEpoch);
    else {
      this.ring.clear();
      this.streams.renamed();
    }
    this.#opening.placeWaiting();
  }

  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#timers.values()) cancel();
    this.#opening.stop();
    this.#subscription?.stop();
    this.#shared.sweep.forget(this);
    this.#shared.fanOut.forget(this.streams);
    this.#shared.ringBudget.forget(this.ring);
  }

  #follow(attempt: number): void {
    const { journal, sweep } = this.#shared;
    this.#cancel("follow");
    journal
      .follow(this.topicId, (event) => this.#live(event))
      .then(
        (subscription) => {
          if (this.#stopped) return subscription.stop();
          this.#subscription = subscription;
          sweep.check(this);
        },
        (fault: unknown) => {
          this.#report("Following a topic failed; it is tried again", fault);
          if (!this.#stopped) this.#later("follow", backOffMs(attempt + 1), () => this.#follow(attempt + 1));
        },
      );
  }

  #restarted(oldEpoch: number): void {
    this.#readsFor += 1;
    if (this.opening) this.#beginAfter = 0;
    this.#feed.restarted();
    this.ring.reset(0);
    this.streams.restarted(oldEpoch);
  }

  #live(event: LiveEvent): void {
    if (!this.#stopped) this.#run(this.#feed.live(event));
  }

  #run(effects: readonly FeedEffect[]): void {
    this.#listeners.changed();
    if (effects.length === 0) return;
    const before = this.ring.newest;
    for (const effect of effects) this.#runOne(effect);
    if (this.ring.newest === before) return;
    this.#shared.ringBudget.touched(this.ring);
    this.#shared.fanOut.announce(this.streams);
  }

  #runOne(effect: FeedEffect): void {
    const id = (sequence: number) => formatEventId(this.epoch, sequence);
    switch (effect.kind) {
      case "deliver":
        this.#deliver(effect, id(effect.sequence));
        return;
      case "gap": {
        const { topic } = this;
        const { from, to } = effect;
        const gap = { topic, from: id(from), to: id(to), reason: "expired" } as const;
        this.ring.append({ kind: "gap", sequence: to, bytes: gapFrames([gap], gap.to) });
        this.#listeners.delivered({ kind: "gap", topic, from, to, reason: "expired" });
        return;
      }
      case "read":
        this.#readLater(effect.after, backOffMs(effect.attempt));
    }
  }

  #deliver({ sequence, acceptedAt, event }: DeliverEffect, id: string): void {
    const { topic } = this;
    const bytes = encodedFrame("plain", { topic, id, place: id, event });
    this.ring.append({ kind: "event", sequence, bytes });
    this.streams.arrived(acceptedAt);
    if (this.#listeners.isEmpty) return;
    this.#listeners.delivered(new DeliveredEvent({ topic, id, sequence, acceptedAt, event }, bytes));
  }

  #readLater(after: number, delayMs: number): void {
    const reading = this.#readsFor;
    const isValid = () => !this.#stopped && reading === this.#readsFor;
    const read = () => {
      if (!isValid()) return;
      this.#shared.fillGate
        .run(async () => (isValid() ? this.#shared.journal.read(this.topicId, after) : undefined))
        .then(
          (page) => {
            if (page !== undefined && isValid()) this.#filled(page);
          },
          (fault: unknown) => {
            this.#report("Filling a hole in a topic failed; it is tried again", fault);
            if (isValid()) this.#run(this.#feed.readFailed());
          },
        );
    };
    if (delayMs === 0) read();
    else this.#shared.clock.after(delayMs, read);
  }

  #filled(page: JournalPage): void {
    const effects = this.#feed.page(page, this.#shared.clock.now());
    const filled = effects.reduce((sum, effect) => sum + (effect.kind === "deliver" ? 1 : 0), 0);
    if (filled > 0) this.#shared.metrics.holeFilled(filled);
    this.#run(effects);
  }

  #lingerIfIdle(): void {
    if (this.streams.size > 0 || !this.#listeners.isEmpty || this.#stopped) return;
    this.#later("linger", this.#shared.lingerMs, () => this.#onIdle(this));
  }

  #report(message: string, fault: unknown): void {
    if (!(fault instanceof JournalUnavailable)) this.#shared.log.error(message, { topicId: this.topicId, fault });
  }

  #later(name: TimerName, ms: number, action: () => void): void {
    this.#cancel(name);
    this.#timers.set(name, this.#shared.clock.after(ms, action));
  }

  #cancel(name: TimerName): void {
    this.#timers.get(name)?.();
    this.#timers.delete(name);
  }
}
