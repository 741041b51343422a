import { jitteredRetry, runDrain } from "./drain.ts";
import type { PublishedEvent, Topic, TopicId } from "./event.ts";
import { FanOut } from "./fan-out.ts";
import { type RingLimits, ringLimits } from "./frame-ring.ts";
import { KeepaliveWheel } from "./keepalive-wheel.ts";
import type { Clock, EventSink, HubMetrics, Journal, Log, OpenStream, PublishOutcome, Random } from "./ports.ts";
import { ReadGate } from "./read-gate.ts";
import { defaultRingBudgetBytes, RingBudget } from "./ring-budget.ts";
import { SentTally } from "./sent-tally.ts";
import { retryFrame } from "./sse-frame.ts";
import { enterState, isOpen, noStreams, Stream } from "./stream.ts";
import { TailSweep } from "./tail-sweep.ts";
import { type FeedLimits, feedLimits } from "./topic-feed.ts";
import { type SharedByTopics, TopicFollower } from "./topic-follower.ts";

/** Settings that may change while the hub runs; asked each time they are needed. */
export interface HubSettings {
  readonly maxConnections: number;
  readonly keepaliveIntervalSec: number;
  /** Base of every `retry:` that a stream is told, in milliseconds. */
  readonly retryMs: number;
}

export interface HubDependencies {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: HubMetrics;
  readonly log: Log;
  readonly settings: () => HubSettings;
  /** Seconds between two comparisons of a followed topic with the journal. */
  readonly sweepIntervalSec: number;
  /** Seconds a topic is followed after its last stream closed. */
  readonly interestLingerSec: number;
}

export interface StreamRequest {
  readonly topic: Topic;
  readonly topicId: TopicId;
  /** As the client sent it; undefined and "" mean a fresh stream. */
  readonly lastEventId: string | undefined;
}

/** An open that was not admitted; it has touched nothing. The name is the error code. */
export interface StreamRefusal {
  readonly refused: "connections_exhausted" | "draining";
}

export interface HubStats {
  /** Streams that got an event since their last keepalive. */
  readonly active: number;
  readonly idle: number;
  /** Streams whose place in the topic is not known yet. */
  readonly connecting: number;
  /** Streams that were ended and whose response has not closed yet. */
  readonly closing: number;
  readonly totalCreated: number;
  readonly totalClosed: number;
  /** Topics with at least one stream. */
  readonly topics: number;
  readonly effectiveMax: number;
}

export interface Drain {
  /** Milliseconds from now within which the last stream is ended. */
  readonly withinMs: number;
  /** Streams ended each second; raised where `withinMs` would not suffice. */
  readonly ratePerSec: number;
}

/** Streams on one side, the journal on the other. */
export interface Hub {
  /** Opens a stream; the sink may be written to before this returns, and is from then on the hub's until `closed()`. */
  open(request: StreamRequest, sink: EventSink): OpenStream | StreamRefusal;
  publish(topicId: TopicId, event: PublishedEvent): Promise<PublishOutcome>;
  /** Refuses new streams and ends the open ones at a pace; resolves when none is left, or at the deadline. */
  drain(drain: Drain): Promise<void>;
  stats(): HubStats;
  /** Why the hub serves less than it should; empty when all is well. */
  readonly degraded: readonly "journal"[];
  /** Ends what is open and stops every timer. */
  stop(): void;
}

/** Replays and fills that read the journal at once: more would hold up live events. */
const replaysAtOnce = 8;
const fillsAtOnce = 16;

/** What the hub holds at most; small values make tests strict. */
export interface HubBounds {
  readonly ring: RingLimits;
  readonly feed: FeedLimits;
  readonly ringBudgetBytes: number;
  readonly streamsPerTurn: number;
}

const hubBounds: HubBounds = {
  ring: ringLimits,
  feed: feedLimits,
  ringBudgetBytes: defaultRingBudgetBytes,
  streamsPerTurn: 1_000,
};

export const createHub = (dependencies: HubDependencies, bounds: HubBounds = hubBounds): Hub =>
  new TopicHub(dependencies, bounds);

class TopicHub implements Hub {
  readonly #dependencies: HubDependencies;
  readonly #followers = new Map<TopicId, TopicFollower>();
  readonly #counts = noStreams();
  readonly #wheel: KeepaliveWheel;
  readonly #sweep: TailSweep;
  readonly #shared: SharedByTopics;
  #epoch: number | undefined;
  #draining = false;

  constructor(dependencies: HubDependencies, bounds: HubBounds) {
    this.#dependencies = dependencies;
    const { journal, clock, settings } = dependencies;
    this.#wheel = new KeepaliveWheel(
      clock,
      () => settings().keepaliveIntervalSec,
      (stream) => stream.owner.keepalive(stream),
    );
    this.#sweep = new TailSweep({
      ...dependencies,
      intervalSec: dependencies.sweepIntervalSec,
      topics: () => this.#followers.values(),
      accept: (epoch) => {
        this.#epoch ??= epoch;
        return epoch === this.#epoch;
      },
    });
    this.#shared = this.#makeShared(bounds);
    journal.listen({
      resync: (reason) => {
        if (reason === "connected") for (const follower of this.#followers.values()) follower.reconnected();
        this.#sweep.resync();
      },
      disconnected: () => this.#disconnected(),
      epochChanged: ({ epoch, restarted }) => this.#epochChanged(epoch, restarted),
      nudge: (topicId, sequence) => this.#followers.get(topicId)?.nudge(sequence),
    });
    this.#sweep.start();
  }

  get degraded(): readonly "journal"[] {
    return this.#dependencies.journal.connected ? [] : ["journal"];
  }

  open(request: StreamRequest, sink: EventSink): OpenStream | StreamRefusal {
    const { clock, metrics, settings } = this.#dependencies;
    if (this.#draining) return { refused: "draining" };
    if (this.#wheel.size >= settings().maxConnections) return { refused: "connections_exhausted" };
    const follower = this.#followers.get(request.topicId) ?? this.#follow(request);
    const stream = new Stream(follower, sink, clock.now(), request.lastEventId);
    this.#wheel.add(stream);
    metrics.streamOpened();
    follower.join(stream);
    return stream;
  }

  publish(topicId: TopicId, event: PublishedEvent): Promise<PublishOutcome> {
    return this.#dependencies.journal.publish(topicId, event);
  }

  drain({ withinMs, ratePerSec }: Drain): Promise<void> {
    this.#draining = true;
    return runDrain({
      clock: this.#dependencies.clock,
      withinMs,
      ratePerSec,
      open: () => this.#wheel.size,
      closing: () => this.#counts.closing,
      end: (count) => {
        for (const stream of this.#wheel.pick(count)) this.#end(stream, this.#farewell());
      },
    });
  }

  stats(): HubStats {
    const { active, idle, connecting, closing, closed } = this.#counts;
    let topics = 0;
    for (const follower of this.#followers.values()) if (follower.streams.size > 0) topics += 1;
    return {
      active,
      idle,
      connecting,
      closing,
      totalCreated: active + idle + connecting + closing + closed,
      totalClosed: closed,
      topics,
      effectiveMax: this.#dependencies.settings().maxConnections,
    };
  }

  stop(): void {
    this.#draining = true;
    for (const stream of this.#wheel.pick(this.#wheel.size)) this.#end(stream, undefined);
    for (const follower of this.#followers.values()) follower.stop();
    this.#followers.clear();
    this.#sweep.stop();
    this.#wheel.stop();
  }

  #makeShared(bounds: HubBounds): SharedByTopics {
    const { clock, metrics, settings, interestLingerSec } = this.#dependencies;
    return {
      ...this.#dependencies,
      tally: new SentTally(clock, metrics),
      fanOut: new FanOut(clock, bounds.streamsPerTurn),
      sweep: this.#sweep,
      ringBudget: new RingBudget(bounds.ringBudgetBytes),
      replayGate: new ReadGate(replaysAtOnce),
      fillGate: new ReadGate(fillsAtOnce),
      epoch: () => this.#epoch ?? 0,
      retryMs: () => settings().retryMs,
      lingerMs: interestLingerSec * 1_000,
      counts: this.#counts,
      ringLimits: bounds.ring,
      feedLimits: bounds.feed,
      onClosed: (stream) => this.#closed(stream),
    };
  }

  #follow({ topic, topicId }: StreamRequest): TopicFollower {
    const follower = new TopicFollower(this.#shared, topic, topicId, () => {
      follower.stop();
      this.#followers.delete(topicId);
    });
    this.#followers.set(topicId, follower);
    follower.start();
    return follower;
  }

  #farewell(): Uint8Array {
    const { random, settings } = this.#dependencies;
    return retryFrame(jitteredRetry(settings().retryMs, random));
  }

  #end(stream: Stream, frames: Uint8Array | undefined): void {
    this.#wheel.remove(stream);
    stream.owner.leave(stream);
    enterState(stream, "closing");
    if (frames !== undefined) this.#shared.tally.add(0, frames.length);
    stream.sink.end(frames);
  }

  #closed(stream: Stream): void {
    if (isOpen(stream)) this.#wheel.remove(stream);
    enterState(stream, "closed");
    const { clock, metrics } = this.#dependencies;
    metrics.streamClosed(Math.max(0, clock.now() - stream.openedAt) / 1_000);
  }

  #disconnected(): void {
    this.#sweep.lost();
    for (const follower of this.#followers.values()) follower.disconnected();
  }

  #epochChanged(epoch: number, restarted: boolean): void {
    // Unknown until the first comparison; then no stream holds an id, but live events may be held already.
    const old = this.#epoch ?? epoch;
    this.#epoch = epoch;
    this.#sweep.lost();
    for (const follower of this.#followers.values()) follower.epochChanged(old, restarted);
    this.#sweep.resync();
  }
}
