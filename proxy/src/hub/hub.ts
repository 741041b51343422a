import { BoundsQuestion } from "./bounds-question.ts";
import type { Drain } from "./drain.ts";
import type { PublishedEvent, TopicId } from "./event.ts";
import { FanOut } from "./fan-out.ts";
import { FrameStore } from "./frame-store.ts";
import { type HubBounds, hubBounds } from "./hub-bounds.ts";
import { type HubSettings, optionalSettings } from "./hub-settings.ts";
import { type Interest, Interests } from "./interests.ts";
import { OpenStreams, type StreamMoves } from "./open-streams.ts";
import { PlaceFrames } from "./place-frames.ts";
import type { Clock, EpochChange, EventSink, HubMetrics, Journal, Log, OpenStream, Random } from "./ports.ts";
import { type BatchLine, type BatchResult, publishBatch } from "./publish-batch.ts";
import { type PublishResult, publishOnce } from "./publish-once.ts";
import { type QueueStats, streamStats, type TopicStats } from "./queue-stats.ts";
import { ReadGate } from "./read-gate.ts";
import type { SharedByTopics } from "./shared-by-topics.ts";
import { SharedPages } from "./shared-pages.ts";
import type { Shed } from "./shed.ts";
import type { Soon } from "./soon.ts";
import type { Stream, Wish } from "./stream.ts";
import { TailSweep } from "./tail-sweep.ts";
import type { DeliveryTracing } from "./tracing.ts";

export interface HubDependencies {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: HubMetrics;
  readonly log: Log;
  readonly settings: () => HubSettings;
  /** Seconds between two comparisons of a followed topic with the journal; infinite: none but those for a reason. */
  readonly sweepIntervalSec: number;
  /** Seconds a topic is followed after its last stream closed. */
  readonly interestLingerSec: number;
  /** A stream has come to the topic or left it. Called at once, and often: it must cost next to nothing. */
  readonly audienceChanged?: ((topicId: TopicId) => void) | undefined;
  /** Absent: no delivery is traced. */
  readonly tracing?: DeliveryTracing | undefined;
}

/** What a stream gets, and from where on. */
export interface StreamRequest extends Interest, Wish {}

/** An open that was not admitted; its sink was not touched. The name is the error code. */
export interface StreamRefusal {
  readonly refused: "connections_exhausted" | "topics_exhausted" | "draining" | "journal_off" | "internal_error";
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

/** What the hub holds and does for streams that are behind. */
export interface HubLoad extends Pick<QueueStats, "ringBytes" | "ringBytesMax" | "replays" | "replaysWaiting"> {
  /** Open streams whose socket takes nothing more for now. */
  readonly blocked: number;
}

/** Streams on one side, the journal on the other. */
export interface Hub {
  /** Opens a stream; the sink may be written to before this returns, and is from then on the hub's until `closed()`. */
  open(request: StreamRequest, sink: EventSink): OpenStream | StreamRefusal;
  /** With a message id the event is stored once within the journal's duplicate window. */
  publish(topicId: TopicId, event: PublishedEvent, messageId?: string): Soon<PublishResult>;
  publishBatch(topicId: TopicId, lines: readonly BatchLine[]): Promise<BatchResult>;
  /** Refuses new streams and ends the open ones at a pace; resolves when none is left, or at the deadline. */
  drain(drain: Drain): Promise<void>;
  /** Ends a part of the streams at a pace and serves on; returns how many. Nothing while it drains. */
  shed(shed: Shed): number;
  moves(): StreamMoves;
  stats(): HubStats;
  queues(): QueueStats;
  /** What of `queues` costs the same however many streams and topics there are. */
  load(): HubLoad;
  /** Topics with at least one stream here. */
  topics(): Iterable<TopicStats>;
  /** Open streams on the topic here. */
  subscribers(topicId: TopicId): number;
  /** Why the hub serves less than it should; empty when all is well. */
  readonly degraded: readonly ("journal" | "nats")[];
  /** Ends what is open and stops every timer. */
  stop(): void;
}

/** Reads for holes: more at once would hold up live events. */
const fillsAtOnce = 16;
/** Topics that begin to be followed at once: a storm of new ones is paced by the journal's answers. */
const followsAtOnce = 256;

export const createHub = (dependencies: HubDependencies, bounds: HubBounds = hubBounds): Hub =>
  new TopicHub(dependencies, bounds);

class TopicHub implements Hub {
  readonly #dependencies: HubDependencies;
  readonly #interests: Interests;
  readonly #streams: OpenStreams;
  readonly #sweep: TailSweep;
  readonly #replayGate: ReadGate;
  readonly #shared: SharedByTopics;
  #epoch: number | undefined;
  #draining = false;

  constructor(dependencies: HubDependencies, bounds: HubBounds) {
    this.#dependencies = dependencies;
    this.#interests = new Interests(() => this.#shared, bounds.merge);
    const { journal, settings } = dependencies;
    this.#streams = new OpenStreams(dependencies);
    this.#sweep = new TailSweep({
      ...dependencies,
      intervalSec: dependencies.sweepIntervalSec,
      topics: () => this.#interests.followers,
      accept: (epoch) => {
        this.#epoch ??= epoch;
        return epoch === this.#epoch;
      },
    });
    this.#replayGate = new ReadGate(optionalSettings(settings).replaysAtOnce);
    this.#shared = this.#makeShared(bounds);
    journal.listen({
      resync: (reason) => this.#resync(reason !== "connected"),
      disconnected: () => this.#disconnected(),
      epochChanged: (change) => this.#epochChanged(change),
      nudge: (topicId, sequence) => this.#interests.follower(topicId)?.nudge(sequence),
    });
    this.#sweep.start();
  }

  get degraded(): readonly ("journal" | "nats")[] {
    const { connected, keepsNothing } = this.#dependencies.journal;
    return connected ? [] : [keepsNothing === true ? "nats" : "journal"];
  }

  open(request: StreamRequest, sink: EventSink): OpenStream | StreamRefusal {
    const { settings, log, journal } = this.#dependencies;
    if (journal.keepsNothing === true && request.bootstrap !== undefined) return { refused: "journal_off" };
    if (this.#draining) return { refused: "draining" };
    const { maxConnections, maxTopics } = settings();
    if (this.#streams.size >= maxConnections) return { refused: "connections_exhausted" };
    if (maxTopics !== undefined && !this.#interests.fitsIn(maxTopics, request)) return { refused: "topics_exhausted" };
    let stream: Stream | undefined;
    try {
      const owner = this.#interests.of(request);
      stream = this.#streams.add(owner, sink, request);
      owner.join(stream);
      return stream;
    } catch (fault) {
      // A mistake of ours that one request brought to light costs that request its stream, and nobody else theirs.
      log.error("Opening a stream failed; its client is refused", { topics: request.topics.length, fault });
      return stream !== undefined && this.#streams.fail(stream) ? stream : { refused: "internal_error" };
    }
  }

  publish(topicId: TopicId, event: PublishedEvent, messageId?: string): Soon<PublishResult> {
    return publishOnce(this.#dependencies.journal, topicId, event, messageId);
  }

  publishBatch(topicId: TopicId, lines: readonly BatchLine[]): Promise<BatchResult> {
    return publishBatch(this.#dependencies.journal, topicId, lines);
  }

  drain(drain: Drain): Promise<void> {
    this.#draining = true;
    return this.#streams.drain(drain);
  }

  shed(shed: Shed): number {
    return this.#draining ? 0 : this.#streams.shed(shed);
  }

  moves(): StreamMoves {
    return this.#streams.moves;
  }

  stats(): HubStats {
    const { active, idle, connecting, closing, closed } = this.#streams.counts;
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
    return { ...this.load(), ...streamStats(this.#interests.audiences()) };
  }

  load(): HubLoad {
    const { frames } = this.#shared;
    return {
      blocked: this.#streams.counts.blocked,
      ringBytes: frames.bytes,
      ringBytesMax: frames.maxBytes,
      replays: this.#replayGate.running,
      replaysWaiting: this.#replayGate.waiting,
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
    this.#streams.stop();
    this.#interests.stop();
    this.#shared.pages.stop();
    this.#shared.fanOut.stop();
    this.#sweep.stop();
  }

  #makeShared(bounds: HubBounds): SharedByTopics {
    const { clock, settings, interestLingerSec } = this.#dependencies;
    return {
      ...this.#dependencies,
      ...optionalSettings(settings),
      fanOut: new FanOut(clock, {
        streamsPerTurn: bounds.streamsPerTurn,
        windowMs: () => settings().batchWindowMs ?? 0,
      }),
      sweep: this.#sweep,
      frames: new FrameStore(bounds.ringBudgetBytes),
      placeFrames: new PlaceFrames(),
      pages: new SharedPages({ ...this.#dependencies, gate: this.#replayGate }, bounds.pages),
      fillGate: new ReadGate(() => fillsAtOnce),
      bounds: new BoundsQuestion(this.#dependencies.journal),
      followGate: new ReadGate(() => followsAtOnce),
      epoch: () => this.#epoch ?? 0,
      lingerMs: interestLingerSec * 1_000,
      counts: this.#streams.counts,
      ringLimits: bounds.ring,
      feedLimits: bounds.feed,
      audienceChanged: (topicId) => {
        this.#interests.audienceChanged(topicId);
        this.#dependencies.audienceChanged?.(topicId);
      },
      wrote: (stream, bytes) => this.#streams.wrote(stream, bytes),
      onClosed: (stream) => this.#streams.closed(stream),
    };
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
    this.#sweep.disconnected();
    this.#interests.disconnected();
  }

  #epochChanged(change: EpochChange): void {
    // Unknown until the first comparison; then no stream holds an id, but live events may be held already.
    const old = this.#epoch ?? change.epoch;
    this.#epoch = change.epoch;
    this.#sweep.lost();
    if (change.restarted) this.#shared.pages.restarted();
    this.#interests.epochChanged(old, change);
    this.#sweep.resync();
  }
}
