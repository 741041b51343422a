import type { Backpressure } from "./backpressure.ts";
import type { LocatedStart } from "./bootstrap.ts";
import { formatEventId } from "./event-id.ts";
import type { FrameRing, Piece } from "./frame-ring.ts";
import { type LateLog, noteRead } from "./late-log.ts";
import type { PastDependencies } from "./past.ts";
import type { HubMetrics, Log } from "./ports.ts";
import { Replay, type ServedPast } from "./replay.ts";
import type { ResumeLimits, Start } from "./resume.ts";
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
import { block, enterState, isOpen, type Owed, type Stream } from "./stream.ts";
import { StreamRelief } from "./stream-relief.ts";
import type { TopicView } from "./topic-view.ts";

/** What came late, and the sequence up to which nothing more will be added to it. */
export interface LateSource {
  readonly log: LateLog;
  readonly settled: () => number;
}

export interface PumpDependencies extends PastDependencies {
  readonly view: TopicView;
  /** Where streams have several topics. */
  readonly late?: LateSource;
  readonly log: Log;
  readonly metrics: HubMetrics;
  readonly tally: SentTally;
  readonly retryMs: () => number;
  readonly backpressure: () => Backpressure;
  readonly resumeLimits: () => ResumeLimits;
}

/** Brings single streams forward, as far as their sinks take it: from the ring, or else from the journal. */
export class StreamPump {
  readonly #dependencies: PumpDependencies;
  readonly #view: TopicView;
  /** Most topics never have a stream that is behind the ring. */
  #replay: Replay | undefined;
  readonly relief: StreamRelief;
  #keepalive: { readonly sequence: number; readonly epoch: number; readonly bytes: Uint8Array } | undefined;

  constructor(dependencies: PumpDependencies) {
    this.#dependencies = dependencies;
    this.#view = dependencies.view;
    const { view, metrics, backpressure } = dependencies;
    const skip = (stream: Stream, to: number) => this.#skip(stream, to, "slow_consumer");
    this.relief = new StreamRelief({ view, metrics, backpressure, skip });
  }

  /** The first thing a stream is told when its place is not known in time. */
  greet(stream: Stream): void {
    if (stream.greeted || stream.state !== "connecting") return;
    stream.greeted = true;
    this.#write(stream, retryFrame(this.#dependencies.retryMs()));
  }

  /** `located` is where a stream begins that cannot go on where its client was. */
  place(stream: Stream, start: Exclude<Start, { kind: "ask" }>, located?: LocatedStart): void {
    const { passed } = this.#view;
    stream.wish = undefined;
    stream.cursor = start.kind === "after" ? start.sequence : Math.min(passed, located?.after ?? passed);
    stream.starts = located?.starts;
    stream.late = this.#dependencies.late?.log.placeAfter(stream.cursor);
    stream.resuming = start.kind === "after" || located !== undefined;
    stream.owed = start.kind === "gap" ? start : { kind: "id" };
    stream.resumeOpen = start.kind === "after";
    if (start.kind === "gap") this.#dependencies.metrics.resumed(start.reason);
    enterState(stream, "idle");
    this.pump(stream);
  }

  pump(stream: Stream): void {
    if (stream.owed !== undefined) this.#pay(stream, stream.owed);
    if (stream.late !== undefined) this.#writeLate(stream);
    const { ring } = this.#view;
    const inRing = this.#isInRing(stream);
    if (!stream.reading && inRing) this.#writeFrom(ring, stream);
    if (stream.blocked || stream.reading || stream.owed !== undefined || !isOpen(stream)) return;
    if (stream.keep !== undefined && (inRing || stream.cursor >= stream.keep.to)) this.relief.keptWritten(stream);
    else if (!inRing) this.#readOn(stream);
    else {
      stream.resuming = false;
      this.#resumed(stream, "continued");
    }
  }

  /** A stream that is ahead comes into the ring when this has got so far: by then it may be the midst of a gap. */
  #isInRing(stream: Stream): boolean {
    const { ring, passed } = this.#view;
    const { cursor, outside, reading } = stream;
    if (cursor < ring.floor || stream.starts !== undefined) return false;
    if (outside && ring.entryFrom(cursor) > cursor) return false;
    if (cursor <= passed && !reading) stream.outside = false;
    return true;
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
    const atHead = !stream.reading && stream.cursor >= ring.newest && this.#isInRing(stream);
    if (!atHead || passed <= stream.cursor) {
      this.#write(stream, keepaliveFrame);
      return;
    }
    stream.cursor = passed;
    this.#write(stream, this.#keepaliveWithId(passed));
  }

  leave(stream: Stream): void {
    if (stream.reading) this.#replay?.leave(stream);
  }

  abandonReads(): void {
    this.#replay?.abandon();
  }

  #mayReplay({ resuming, replayedEvents, replayedBytes }: Stream): boolean {
    if (!resuming) return true;
    const { maxEvents, maxBytes } = this.#dependencies.resumeLimits();
    return replayedEvents < maxEvents && replayedBytes < maxBytes;
  }

  /** From the journal, or else where the ring begins. */
  #readOn(stream: Stream): void {
    stream.outside = true;
    if (this.#mayReplay(stream)) {
      this.#replay ??= new Replay({ ...this.#dependencies, serve: (streams, past) => this.#serve(streams, past) });
      this.#replay.join(stream);
      return;
    }
    const to = this.#view.ring.entryFrom(Math.max(stream.cursor, ...(stream.starts?.values() ?? [])));
    stream.starts = undefined;
    this.#resumed(stream, "replay_limit");
    this.#skip(stream, to, "replay_limit");
  }

  #skip(stream: Stream, to: number, reason: "slow_consumer" | "replay_limit"): void {
    if (stream.reading) this.#replay?.leave(stream);
    stream.reading = false;
    stream.outside = true;
    const after = stream.cursor;
    const from = formatEventId(this.#view.epoch, after);
    if (stream.owed?.kind !== "gap") stream.owed = { kind: "gap", from, reason };
    stream.cursor = to;
    // What is found late in there is told with it.
    this.#noteRead(stream, after);
    this.pump(stream);
  }

  #serve(streams: readonly Stream[], { after, frames, completeTo }: ServedPast): void {
    for (const stream of streams) {
      if (!isOpen(stream)) continue;
      if (stream.owed !== undefined) this.#pay(stream, stream.owed);
      this.#writeFrom(frames, stream);
      const wanted = Math.min(completeTo, stream.keep?.to ?? completeTo);
      if (!stream.blocked && stream.owed === undefined) stream.cursor = Math.max(stream.cursor, wanted);
      this.#noteRead(stream, after);
      this.pump(stream);
    }
  }

  #noteRead(stream: Stream, after: number): void {
    const { late } = this.#dependencies;
    if (stream.late !== undefined && late !== undefined) {
      const settled = late.log.hasLookedAtAll(stream.late) ? late.settled() : 0;
      noteRead(stream.late, { from: after, to: stream.cursor }, settled);
    }
    if (stream.starts !== undefined && stream.cursor >= Math.max(...stream.starts.values())) stream.starts = undefined;
  }

  #writeLate(stream: Stream): void {
    const { late, tally } = this.#dependencies;
    const id = (sequence: number) => formatEventId(this.#view.epoch, sequence);
    const lost = late?.log.lostBy(stream);
    if (lost !== undefined) this.#pay(stream, { kind: "gap", from: id(lost.from), reason: "expired" });
    while (!stream.blocked && stream.owed === undefined && isOpen(stream)) {
      const entry = late?.log.takeFor(stream);
      if (entry === undefined) return;
      if (entry.kind === "gap") this.#countGaps(1, true);
      else tally.add(1, 0);
      this.#write(stream, entry.bytes(id(stream.cursor)));
    }
  }

  #writeFrom(frames: FrameRing, stream: Stream): void {
    while (!stream.blocked && stream.owed === undefined && isOpen(stream)) {
      const piece = frames.pieceAfter(stream.cursor, stream.keep?.to);
      if (piece === undefined) return;
      this.#writePiece(frames, stream, piece);
    }
  }

  #writePiece(frames: FrameRing, stream: Stream, piece: Piece): void {
    stream.cursor = piece.to;
    if (frames !== this.#view.ring) {
      stream.replayedEvents += piece.events;
      stream.replayedBytes += piece.bytes.length;
    }
    if (stream.state === "idle") enterState(stream, "active");
    this.#dependencies.tally.add(piece.events, 0);
    if (piece.gaps > 0) {
      this.#countGaps(piece.gaps, !stream.resuming);
      this.#resumed(stream, "expired");
    }
    this.#write(stream, piece.bytes);
  }

  #pay(stream: Stream, owed: Owed): void {
    stream.owed = owed;
    if (stream.blocked || !isOpen(stream)) return;
    const { topics, epoch } = this.#view;
    const place = formatEventId(epoch, stream.cursor);
    stream.owed = undefined;
    const retry = this.#dependencies.retryMs();
    if (owed.kind === "id") {
      this.#write(stream, stream.greeted ? idFrame(place) : primingFrame(retry, place));
    } else {
      const { from, reason } = owed;
      const gaps = topics.map((topic) => ({ topic, from, to: place, reason }));
      const gap = gapFrames(gaps, place);
      this.#countGaps(gaps.length, false);
      this.#write(stream, stream.greeted ? gap : joinFrames([retryFrame(retry), gap]));
    }
    stream.greeted = true;
  }

  #resumed(stream: Stream, result: "continued" | "expired" | "replay_limit"): void {
    if (!stream.resumeOpen) return;
    stream.resumeOpen = false;
    this.#dependencies.metrics.resumed(result);
  }

  #countGaps(gaps: number, dropped: boolean): void {
    const { metrics } = this.#dependencies;
    for (let told = 0; told < gaps; told += 1) metrics.gapTold();
    if (dropped) metrics.dropped(gaps);
  }

  #write(stream: Stream, bytes: Uint8Array): void {
    this.#dependencies.tally.add(0, bytes.length);
    if (!stream.sink.write(bytes)) block(stream);
  }

  #keepaliveWithId(sequence: number): Uint8Array {
    const { epoch } = this.#view;
    if (this.#keepalive?.sequence !== sequence || this.#keepalive.epoch !== epoch) {
      this.#keepalive = { sequence, epoch, bytes: keepaliveIdFrame(formatEventId(epoch, sequence)) };
    }
    return this.#keepalive.bytes;
  }
}
