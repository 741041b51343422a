import type { Backpressure } from "./backpressure.ts";
import { jitteredRetry, runDrain } from "./drain.ts";
import type { PublishedEvent, TopicId } from "./event.ts";
import { FanOut } from "./fan-out.ts";
import { type RingLimits, ringLimits } from "./frame-ring.ts";
import { type Interest, Interests } from "./interests.ts";
import { KeepaliveWheel } from "./keepalive-wheel.ts";
import { type MergeLimits, mergeLimits } from "./merge-buffer.ts";
import type { Clock, EventSink, HubMetrics, Journal, Log, OpenStream, Random } from "./ports.ts";
import { type BatchLine, type BatchResult, publishBatch } from "./publish-batch.ts";
import { type PublishResult, publishOnce } from "./publish-once.ts";
import { type QueueStats, streamStats, type TopicStats } from "./queue-stats.ts";
import { ReadGate } from "./read-gate.ts";
import { defaultRingBudgetBytes, RingBudget } from "./ring-budget.ts";
import { SentTally } from "./sent-tally.ts";
import { retryFrame } from "./sse-frame.ts";
import { enterState, isOpen, noStreams, Stream, type Wish } from "./stream.ts";
import { TailSweep } from "./tail-sweep.ts";
import { type FeedLimits, feedLimits } from "./topic-feed.ts";
import type { SharedByTopics } from "./topic-follower.ts";

/** Settings that may change while the hub runs; asked each time they are needed. */
export interface HubSettings {
  readonly maxConnections: number;
  readonly keepaliveIntervalSec: number;
  /** Base of every `retry:` that a stream is told, in milliseconds. */
  readonly retryMs: number;
  /** Absent: streams that are behind go on from the journal for as long as it holds their place. */
  readonly backpressure?: Backpressure | undefined;
  /** Topics followed at once. Absent: no limit. */
  readonly maxTopics?: number | undefined;
  /** Seconds after which a stream is ended, give or take a tenth. Absent: never. */
  readonly maxAgeSec?: number | undefined;
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

/** What a stream gets, and from where on. */
export interface StreamRequest extends Interest, Wish {}

/** An open that was not admitted; it has touched nothing. The name is the error code. */
export interface StreamRefusal {
  readonly refused: "connections_exhausted" | "topics_exhausted" | "draining";
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
  /** With a message id the event is stored once within the journal's duplicate window. */
  publish(topicId: TopicId, event: PublishedEvent, messageId?: string): Promise<PublishResult>;
  publishBatch(topicId: TopicId, lines: readonly BatchLine[]): Promise<BatchResult>;
  /** Refuses new streams and ends the open ones at a pace; resolves when none is left, or at the deadline. */
  drain(drain: Drain): Promise<void>;
  stats(): HubStats;
  queues(): QueueStats;
  /** Topics with at least one stream here. */
  topics(): Iterable<TopicStats>;
  /** Open streams on the topic here. */
  subscribers(topicId: TopicId): number;
  /** Why the hub serves less than it should; empty when all is well. */
  readonly degraded: readonly "journal"[];
  /** Ends what is open and stops every timer. */
  stop(): void;
}

/** Replays and fills that read the journal at once: more would hold up live events. */
const replaysAtOnce = 8;
const fillsAtOnce = 16;

/** Part of their longest age by which streams differ, so that those of one moment do not all come back in one. */
const ageJitter = 0.1;

const noBackpressure: Backpressure = { policy: "block", maxEvents: Number.POSITIVE_INFINITY };

/** What the hub holds at most; small values make tests strict. */
export interface HubBounds {
  readonly ring: RingLimits;
  readonly feed: FeedLimits;
  readonly merge: MergeLimits;
  readonly ringBudgetBytes: number;
  readonly streamsPerTurn: number;
}

const hubBounds: HubBounds = {
  ring: ringLimits,
  feed: feedLimits,
  merge: mergeLimits,
  ringBudgetBytes: defaultRingBudgetBytes,
  streamsPerTurn: 1_000,
};

export const createHub = (dependencies: HubDependencies, bounds: HubBounds = hubBounds): Hub =>
  new TopicHub(dependencies, bounds);

class TopicHub implements Hub {
  readonly #dependencies: HubDependencies;
  readonly #interests: Interests;
  readonly #counts = noStreams();
  readonly #wheel: KeepaliveWheel;
  readonly #sweep: TailSweep;
  readonly #shared: SharedByTopics;
  #epoch: number | undefined;
  #draining = false;

  constructor(dependencies: HubDependencies, bounds: HubBounds) {
    this.#dependencies = dependencies;
    this.#interests = new Interests(() => this.#shared, bounds.merge);
    const { journal, clock, settings } = dependencies;
    this.#wheel = new KeepaliveWheel(
      clock,
      () => settings().keepaliveIntervalSec,
      (stream) => this.#visit(stream),
    );
    this.#sweep = new TailSweep({
      ...dependencies,
      intervalSec: dependencies.sweepIntervalSec,
      topics: () => this.#interests.followers,
      accept: (epoch) => {
        this.#epoch ??= epoch;
        return epoch === this.#epoch;
      },
    });
    this.#shared = this.#makeShared(bounds);
    journal.listen({
      resync: (reason) => this.#resync(reason !== "connected"),
      disconnected: () => this.#disconnected(),
      epochChanged: ({ epoch, restarted }) => this.#epochChanged(epoch, restarted),
      nudge: (topicId, sequence) => this.#interests.follower(topicId)?.nudge(sequence),
    });
    this.#sweep.start();
  }

  get degraded(): readonly "journal"[] {
    return this.#dependencies.journal.connected ? [] : ["journal"];
  }

  open(request: StreamRequest, sink: EventSink): OpenStream | StreamRefusal {
    const { clock, metrics, settings, random } = this.#dependencies;
    if (this.#draining) return { refused: "draining" };
    const { maxConnections, maxTopics } = settings();
    if (this.#wheel.size >= maxConnections) return { refused: "connections_exhausted" };
    if (maxTopics !== undefined && !this.#interests.fitsIn(maxTopics, request)) return { refused: "topics_exhausted" };
    const owner = this.#interests.of(request);
    const { lastEventId, bootstrap } = request;
    const stream = new Stream(owner, sink, clock.now(), { lastEventId, bootstrap });
    stream.lifespan = 1 - ageJitter + 2 * ageJitter * random();
    this.#wheel.add(stream);
    metrics.streamOpened();
    owner.join(stream);
    return stream;
  }

  publish(topicId: TopicId, event: PublishedEvent, messageId?: string): Promise<PublishResult> {
    return publishOnce(this.#dependencies.journal, topicId, event, messageId);
  }

  publishBatch(topicId: TopicId, lines: readonly BatchLine[]): Promise<BatchResult> {
    return publishBatch(this.#dependencies.journal, topicId, lines);
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
    return {
      active,
      idle,
      connecting,
      closing,
      totalCreated: active + idle + connecting + closing + closed,
      totalClosed: closed,
      topics: this.#interests.listenedTo,
      effectiveMax: this.#dependencies.settings().maxConnections,
    };
  }

  queues(): QueueStats {
    const { ringBudget, replayGate } = this.#shared;
    return {
      ...streamStats(this.#interests.audiences()),
      ringBytes: ringBudget.bytes,
      ringBytesMax: ringBudget.maxBytes,
      replays: replayGate.running,
      replaysWaiting: replayGate.waiting,
    };
  }

  *topics(): Iterable<TopicStats> {
    for (const { topic, topicId, listening } of this.#interests.followers)
      if (listening > 0) yield { topic, topicId, subscribers: listening };
  }

  subscribers(topicId: TopicId): number {
    return this.#interests.follower(topicId)?.listening ?? 0;
  }

  stop(): void {
    this.#draining = true;
    for (const stream of this.#wheel.pick(this.#wheel.size)) this.#end(stream, undefined);
    this.#interests.stop();
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
      backpressure: () => settings().backpressure ?? noBackpressure,
      lingerMs: interestLingerSec * 1_000,
      counts: this.#counts,
      ringLimits: bounds.ring,
      feedLimits: bounds.feed,
      onClosed: (stream) => this.#closed(stream),
    };
  }

  #visit(stream: Stream): void {
    const { clock, settings } = this.#dependencies;
    const { maxAgeSec } = settings();
    const old = maxAgeSec !== undefined && clock.now() - stream.openedAt >= maxAgeSec * 1_000 * stream.lifespan;
    if (old) this.#end(stream, this.#farewell());
    else stream.owner.keepalive(stream);
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
    const stalled = isOpen(stream) && stream.blocked;
    if (isOpen(stream)) this.#wheel.remove(stream);
    enterState(stream, "closed");
    const { clock, metrics } = this.#dependencies;
    metrics.streamClosed(Math.max(0, clock.now() - stream.openedAt) / 1_000, stalled);
  }

  /** `loss`: live events may have been lost although the connection stayed. */
  #resync(loss: boolean): void {
    if (loss) {
      this.#sweep.lost();
      this.#interests.doubt();
    } else this.#interests.reconnected();
    this.#sweep.resync();
  }

  #disconnected(): void {
    this.#sweep.lost();
    this.#interests.disconnected();
  }

  #epochChanged(epoch: number, restarted: boolean): void {
    // Unknown until the first comparison; then no stream holds an id, but live events may be held already.
    const old = this.#epoch ?? epoch;
    this.#epoch = epoch;
    this.#sweep.lost();
    this.#interests.epochChanged(old, restarted);
    this.#sweep.resync();
  }
}
