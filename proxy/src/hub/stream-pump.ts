import type { TopicId } from "./event.ts";
import { formatEventId } from "./event-id.ts";
import type { FrameRing, Piece } from "./frame-ring.ts";
import type { Clock, HubMetrics, Journal, Log } from "./ports.ts";
import type { ReadGate } from "./read-gate.ts";
import { Replay } from "./replay.ts";
import type { Start } from "./resume.ts";
import type { SentTally } from "./sent-tally.ts";
import {
  gapFrames,
  idFrame,
  joinFrames,
  keepaliveFrame,
  keepaliveIdFrame,
  primingFrame,
  retryFrame,
} from "./sse-frame.ts";
import { enterState, isOpen, type Owed, type Stream } from "./stream.ts";
import type { TopicView } from "./topic-view.ts";

export interface PumpDependencies {
  readonly topicId: TopicId;
  readonly view: TopicView;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: HubMetrics;
  readonly tally: SentTally;
  readonly replayGate: ReadGate;
  readonly retryMs: () => number;
}

/** Brings single streams of one topic forward, as far as their sinks take it: from the ring, or else from the journal. */
export class StreamPump {
  readonly #dependencies: PumpDependencies;
  readonly #view: TopicView;
  readonly #replay: Replay;
  #keepalive: { readonly sequence: number; readonly epoch: number; readonly bytes: Uint8Array } | undefined;

  constructor(dependencies: PumpDependencies) {
    this.#dependencies = dependencies;
    this.#view = dependencies.view;
    this.#replay = new Replay({
      ...dependencies,
      gate: dependencies.replayGate,
      serve: (streams, frames, completeTo) => this.#serve(streams, frames, completeTo),
    });
  }

  /** The first thing a stream is told when its place is not known in time. */
  greet(stream: Stream): void {
    if (stream.greeted || stream.state !== "connecting") return;
    stream.greeted = true;
    this.#write(stream, retryFrame(this.#dependencies.retryMs()));
  }

  place(stream: Stream, start: Exclude<Start, { kind: "ask" }>): void {
    stream.lastEventId = undefined;
    stream.cursor = start.kind === "after" ? start.sequence : this.#view.passed;
    stream.resuming = start.kind === "after";
    stream.owed = start.kind === "gap" ? start : { kind: "id" };
    enterState(stream, "idle");
    this.pump(stream);
  }

  pump(stream: Stream): void {
    if (stream.owed !== undefined) this.#pay(stream, stream.owed);
    const { ring } = this.#view;
    if (!stream.reading && stream.cursor >= ring.floor) this.#writeFrom(ring, stream);
    if (stream.blocked || stream.reading || stream.owed !== undefined || !isOpen(stream)) return;
    if (stream.cursor < ring.floor) this.#replay.join(stream);
    else stream.resuming = false;
  }

  /** Keeps middleboxes from cutting the stream, and the client's id from growing too old to resume. */
  keepalive(stream: Stream): void {
    if (stream.blocked || stream.owed !== undefined) return;
    if (stream.state === "connecting") {
      if (stream.greeted) this.#write(stream, keepaliveFrame);
      return;
    }
    if (stream.state === "active") enterState(stream, "idle");
    const { passed, ring } = this.#view;
    const atHead = !stream.reading && stream.cursor >= ring.newest;
    if (!atHead || passed <= stream.cursor) {
      this.#write(stream, keepaliveFrame);
      return;
    }
    stream.cursor = passed;
    this.#write(stream, this.#keepaliveWithId(passed));
  }

  leave(stream: Stream): void {
    if (stream.reading) this.#replay.leave(stream);
  }

  abandonReads(): void {
    this.#replay.abandon();
  }

  #serve(streams: readonly Stream[], frames: FrameRing, completeTo: number): void {
    for (const stream of streams) {
      if (!isOpen(stream)) continue;
      if (stream.owed !== undefined) this.#pay(stream, stream.owed);
      this.#writeFrom(frames, stream);
      if (!stream.blocked && stream.owed === undefined) stream.cursor = Math.max(stream.cursor, completeTo);
      this.pump(stream);
    }
  }

  #writeFrom(frames: FrameRing, stream: Stream): void {
    while (!stream.blocked && stream.owed === undefined && isOpen(stream)) {
      const piece = frames.pieceAfter(stream.cursor);
      if (piece === undefined) return;
      this.#writePiece(stream, piece);
    }
  }

  #writePiece(stream: Stream, piece: Piece): void {
    stream.cursor = piece.to;
    if (stream.state === "idle") enterState(stream, "active");
    this.#dependencies.tally.add(piece.events, 0);
    if (piece.gaps > 0) this.#countGaps(piece.gaps, !stream.resuming);
    this.#write(stream, piece.bytes);
  }

  #pay(stream: Stream, owed: Owed): void {
    if (stream.blocked || !isOpen(stream)) return;
    const { topic, epoch } = this.#view;
    const place = formatEventId(epoch, stream.cursor);
    stream.owed = undefined;
    const retry = this.#dependencies.retryMs();
    if (owed.kind === "id") {
      this.#write(stream, stream.greeted ? idFrame(place) : primingFrame(retry, place));
    } else {
      const gap = gapFrames({ topic, from: owed.from, to: place, reason: owed.reason });
      this.#countGaps(1, false);
      this.#write(stream, stream.greeted ? gap : joinFrames([retryFrame(retry), gap]));
    }
    stream.greeted = true;
  }

  #countGaps(gaps: number, dropped: boolean): void {
    const { metrics } = this.#dependencies;
    for (let told = 0; told < gaps; told += 1) metrics.gapTold();
    if (dropped) metrics.dropped(gaps);
  }

  #write(stream: Stream, bytes: Uint8Array): void {
    this.#dependencies.tally.add(0, bytes.length);
    if (!stream.sink.write(bytes)) stream.blocked = true;
  }

  #keepaliveWithId(sequence: number): Uint8Array {
    const { epoch } = this.#view;
    if (this.#keepalive?.sequence !== sequence || this.#keepalive.epoch !== epoch) {
      this.#keepalive = { sequence, epoch, bytes: keepaliveIdFrame(formatEventId(epoch, sequence)) };
    }
    return this.#keepalive.bytes;
  }
}
