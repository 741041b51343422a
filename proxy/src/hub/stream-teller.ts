import type { SharedByTopics } from "./shared-by-topics.ts";
import { gapFrames, idFrame, joinFrames, retryFrame } from "./sse-frame.ts";
import { block, isOpen, type Owed, type Stream } from "./stream.ts";
import type { StreamStep } from "./stream-step.ts";
import type { TopicView } from "./topic-view.ts";

export interface TellerParts {
  readonly shared: Pick<SharedByTopics, "metrics" | "wrote" | "retryMs" | "placeFrames">;
  readonly view: TopicView;
}

/** Tells streams what is not an event: where they are, and what they do not get. Counts what is told. */
export class StreamTeller {
  readonly #parts: TellerParts;
  readonly #step: StreamStep;

  constructor(parts: TellerParts, step: StreamStep) {
    this.#parts = parts;
    this.#step = step;
  }

  greet(stream: Stream): void {
    if (stream.greeted || stream.state !== "connecting") return;
    stream.greeted = true;
    this.write(stream, retryFrame(this.#parts.shared.retryMs()));
  }

  pay(stream: Stream, owed: Owed): void {
    stream.owed = owed;
    if (stream.blocked || !isOpen(stream)) return;
    const { view, shared } = this.#parts;
    const place = this.#step.idOf(stream);
    stream.owed = undefined;
    if (owed.kind === "id") {
      const first = stream.greeted ? idFrame(place) : shared.placeFrames.priming(shared.retryMs(), place);
      if (first.length > 0) this.write(stream, first);
    } else {
      const { from, reason } = owed;
      const gaps = view.topics.map((topic) => ({ topic, from, to: place, reason }));
      const gap = gapFrames(gaps, place);
      this.countGaps(gaps.length, false);
      this.write(stream, stream.greeted ? gap : joinFrames([retryFrame(shared.retryMs()), gap]));
    }
    stream.greeted = true;
  }

  /** The id moves on to where the stream is, without an event. */
  keepalive(stream: Stream): void {
    const { shared, view } = this.#parts;
    this.write(stream, shared.placeFrames.keepalive(view.epoch, stream.cursor));
  }

  resumed(stream: Stream, result: "continued" | "expired" | "replay_limit"): void {
    if (!stream.resumeOpen) return;
    stream.resumeOpen = false;
    this.#parts.shared.metrics.resumed(result);
  }

  countGaps(gaps: number, dropped: boolean): void {
    const { metrics } = this.#parts.shared;
    for (let told = 0; told < gaps; told += 1) metrics.gapTold();
    if (dropped) metrics.dropped(gaps);
  }

  write(stream: Stream, bytes: Uint8Array): void {
    this.#parts.shared.wrote(stream, bytes.length + (stream.sink.addedBytes ?? 0));
    if (!stream.sink.write(bytes)) block(stream);
  }
}
