import { Backlog } from "./backlog.ts";
import { reliefFor } from "./backpressure.ts";
import type { SharedByTopics } from "./shared-by-topics.ts";
import { isOpen, type Stream } from "./stream.ts";
import type { TopicView } from "./topic-view.ts";

export interface ReliefParts {
  readonly shared: Pick<SharedByTopics, "metrics" | "backpressure">;
  readonly view: TopicView;
}

export interface Skipper {
  /** The stream goes on after `to`; it is told what it missed. */
  skip(stream: Stream, to: number, reason: "slow_consumer"): void;
}

/**
 * Obeys the backpressure policy for the streams of one topic, or set of topics.
 * A stream that has not reached the head since it was opened is not behind but resuming: nothing is dropped for it.
 */
export class StreamRelief {
  readonly #parts: ReliefParts;
  readonly #skipper: Skipper;
  readonly #backlog = new Backlog();
  #countAtPass = 0;

  constructor(parts: ReliefParts, skipper: Skipper) {
    this.#parts = parts;
    this.#skipper = skipper;
  }

  /** The newest frame of the ring is an event that has just arrived. */
  arrived(): void {
    const { shared, view } = this.#parts;
    if (shared.backpressure().policy !== "block") this.#backlog.add(view.ring.newest);
  }

  passBegins(): void {
    this.#countAtPass = this.#backlog.count;
  }

  /** Every stream was looked at since the pass began, so none is further behind than what came after that. */
  passEnds(): void {
    this.#backlog.trim(this.#parts.shared.backpressure().maxEvents + this.#backlog.count - this.#countAtPass);
  }

  /** To be called when a stream was given all that it takes. */
  relieve(stream: Stream): void {
    if (!stream.blocked && !stream.reading) return;
    if (stream.resuming || stream.keep !== undefined || !isOpen(stream)) return;
    const { backpressure, metrics } = this.#parts.shared;
    const relief = reliefFor(backpressure(), this.#backlog, stream.cursor);
    if (relief?.kind === "keep") stream.keep = relief.keep;
    if (relief?.kind !== "skip") return;
    metrics.dropped(relief.dropped, "slow_consumer");
    this.#skipper.skip(stream, relief.to, "slow_consumer");
  }

  /** Without a journal what the ring no longer has is gone for a stream that goes on after `to`. */
  overrun({ cursor }: Stream, to: number): void {
    const { metrics } = this.#parts.shared;
    metrics.dropped(Math.max(1, this.#backlog.countAt(to) - this.#backlog.countAt(cursor)), "slow_consumer");
  }

  /** What was kept for the stream is written: it goes on at the head. */
  keptWritten(stream: Stream): void {
    const { shared, view } = this.#parts;
    const { keep } = stream;
    if (keep === undefined) return;
    stream.keep = undefined;
    shared.metrics.dropped(this.#backlog.count - keep.number, "slow_consumer");
    this.#skipper.skip(stream, Math.max(stream.cursor, view.ring.newest), "slow_consumer");
  }

  /** Sequences begin anew. */
  restarted(): void {
    this.#backlog.clear();
  }
}
