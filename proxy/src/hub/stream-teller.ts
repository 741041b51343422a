import { formatEventId } from "./event-id.ts";
import type { HubMetrics } from "./ports.ts";
import { gapFrames, idFrame, joinFrames, keepaliveIdFrame, primingFrame, retryFrame } from "./sse-frame.ts";
import { block, isOpen, type Owed, type Stream } from "./stream.ts";
import type { StreamStep } from "./stream-step.ts";
import type { TopicView } from "./topic-view.ts";

export interface TellerDependencies {
  readonly view: TopicView;
  readonly metrics: HubMetrics;
  /** So many bytes were given to the stream's sink. */
  readonly wrote: (stream: Stream, bytes: number) => void;
  readonly retryMs: () => number;
}

/** Tells streams what is not an event: where they are, and what they do not get. Counts what is told. */
export class StreamTeller {
  readonly #dependencies: TellerDependencies;
  readonly #step: StreamStep;
  /** Streams that come one after the other mostly begin at the same place. */
  #priming: { readonly place: string; readonly retryMs: number; readonly bytes: Uint8Array } | undefined;
  #keepalive: { readonly sequence: number; readonly epoch: number; readonly bytes: Uint8Array } | undefined;

  constructor(dependencies: TellerDependencies, step: StreamStep) {
    this.#dependencies = dependencies;
    this.#step = step;
  }

  greet(stream: Stream): void {
    if (stream.greeted || stream.state !== "connecting") return;
    stream.greeted = true;
    this.write(stream, retryFrame(this.#dependencies.retryMs()));
  }

  pay(stream: Stream, owed: Owed): void {
    stream.owed = owed;
    if (stream.blocked || !isOpen(stream)) return;
    const { view, retryMs } = this.#dependencies;
    const place = this.#step.idOf(stream);
    stream.owed = undefined;
    if (owed.kind === "id") {
      const first = stream.greeted ? idFrame(place) : this.#primingAt(place, retryMs());
      if (first.length > 0) this.write(stream, first);
    } else {
      const { from, reason } = owed;
      const gaps = view.topics.map((topic) => ({ topic, from, to: place, reason }));
      const gap = gapFrames(gaps, place);
      this.countGaps(gaps.length, false);
      this.write(stream, stream.greeted ? gap : joinFrames([retryFrame(retryMs()), gap]));
    }
    stream.greeted = true;
  }

  #primingAt(place: string, retryMs: number): Uint8Array {
    if (this.#priming?.place !== place || this.#priming.retryMs !== retryMs)
      this.#priming = { place, retryMs, bytes: primingFrame(retryMs, place) };
    return this.#priming.bytes;
  }

  /** The id moves on to where the stream is, without an event. */
  keepalive(stream: Stream): void {
    const { epoch } = this.#dependencies.view;
    const { cursor: sequence } = stream;
    if (this.#keepalive?.sequence !== sequence || this.#keepalive.epoch !== epoch) {
      this.#keepalive = { sequence, epoch, bytes: keepaliveIdFrame(formatEventId(epoch, sequence)) };
    }
    this.write(stream, this.#keepalive.bytes);
  }

  resumed(stream: Stream, result: "continued" | "expired" | "replay_limit"): void {
    if (!stream.resumeOpen) return;
    stream.resumeOpen = false;
    this.#dependencies.metrics.resumed(result);
  }

  countGaps(gaps: number, dropped: boolean): void {
    const { metrics } = this.#dependencies;
    for (let told = 0; told < gaps; told += 1) metrics.gapTold();
    if (dropped) metrics.dropped(gaps);
  }

  write(stream: Stream, bytes: Uint8Array): void {
    this.#dependencies.wrote(stream, bytes.length + (stream.sink.addedBytes ?? 0));
    if (!stream.sink.write(bytes)) block(stream);
  }
}
