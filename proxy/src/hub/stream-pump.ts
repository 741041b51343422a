import type { LocatedStart } from "./bootstrap.ts";
import { formatEventId } from "./event-id.ts";
import { encodedFrame, type FrameEncoding } from "./frame-encoding.ts";
import type { FrameRing, Piece } from "./frame-ring.ts";
import { noteRead } from "./late-log.ts";
import type { TopicRef } from "./past.ts";
import { unstoredEpoch } from "./ports.ts";
import { Replay, type ServedPast } from "./replay.ts";
import type { Start } from "./resume.ts";
import type { Settled } from "./settling.ts";
import type { SharedByTopics } from "./shared-by-topics.ts";
import { keepaliveFrame } from "./sse-frame.ts";
import { enterState, isOpen, type Owed, type Stream, type UnwrittenRest } from "./stream.ts";
import { type Skipper, StreamRelief } from "./stream-relief.ts";
import { StreamStep } from "./stream-step.ts";
import { StreamTeller } from "./stream-teller.ts";
import type { TopicView } from "./topic-view.ts";

/** What a topic's streams are served from, or those of several topics: one object, which all who serve them hold. */
export interface StreamsParts {
  readonly shared: SharedByTopics;
  readonly members: readonly TopicRef[];
  readonly encoding: FrameEncoding;
  readonly view: TopicView;
  /** Where streams have several topics. */
  readonly settling?: Settled;
}

/** What was found in the journal before a stream was given its place. */
export interface Found {
  readonly located?: LocatedStart | undefined;
  readonly missing?: ({ readonly kind: "events" } & UnwrittenRest) | Extract<Owed, { kind: "gap" }> | undefined;
}

const itsId: Owed = { kind: "id" };

/** Brings single streams forward, as far as their sinks take it: from the ring, or else from the journal. */
export class StreamPump implements Skipper {
  readonly #parts: StreamsParts;
  readonly #view: TopicView;
  readonly #step: StreamStep;
  readonly #teller: StreamTeller;
  /** Most topics never have a stream that is behind the ring. */
  #replay: Replay | undefined;
  readonly relief: StreamRelief;

  constructor(parts: StreamsParts) {
    this.#parts = parts;
    this.#view = parts.view;
    this.#step = new StreamStep(parts.view, parts.settling);
    this.#teller = new StreamTeller(parts, this.#step);
    this.relief = new StreamRelief(parts, this);
  }

  /** The first thing a stream is told when its place is not known in time. */
  greet(stream: Stream): void {
    this.#teller.greet(stream);
  }

  /** `located` is where a stream begins that cannot go on where its client was; `missing`, what one that can lacks until there. */
  place(stream: Stream, start: Exclude<Start, { kind: "ask" }>, { located, missing }: Found = {}): void {
    const { passed } = this.#view;
    stream.wish = undefined;
    stream.cursor = start.kind === "after" ? start.sequence : Math.min(passed, located?.after ?? passed);
    stream.starts = located?.starts;
    stream.late = this.#parts.settling?.log.placeAfter(stream.cursor);
    stream.inStep = false;
    stream.resuming = start.kind === "after" || located !== undefined;
    stream.unwritten = missing?.kind === "events" ? missing : undefined;
    stream.owed = start.kind === "gap" ? start : missing?.kind === "gap" ? missing : itsId;
    stream.resumeOpen = start.kind === "after" && start.fresh !== true;
    if (missing?.kind === "gap") this.#teller.resumed(stream, "expired");
    if (start.kind === "gap") this.#parts.shared.metrics.resumed(start.reason);
    enterState(stream, "idle");
    this.pump(stream);
  }

  /** At most so many pieces of the ring. False: the stream takes more. */
  pump(stream: Stream, pieces = Number.POSITIVE_INFINITY): boolean {
    this.#payAll(stream);
    const { ring } = this.#view;
    const inRing = this.#step.isIn(ring, stream);
    if (!stream.reading && !this.#step.mayGoOn(stream, inRing)) return true;
    if (!stream.reading && inRing && !this.#writeFrom(ring, stream, pieces)) return false;
    if (stream.blocked || stream.reading || stream.owed !== undefined || !isOpen(stream)) return true;
    if (stream.keep !== undefined && (inRing || stream.cursor >= stream.keep.to)) this.relief.keptWritten(stream);
    else if (!inRing) this.#readOn(stream);
    else {
      stream.resuming = false;
      this.#teller.resumed(stream, "continued");
    }
    return true;
  }

  /** What the client must get before anything new. */
  #payAll(stream: Stream): void {
    if (stream.owed !== undefined) this.#teller.pay(stream, stream.owed);
    for (let next = this.#step.nextUnwritten(stream); next !== undefined; next = this.#step.nextUnwritten(stream)) {
      this.#parts.shared.metrics.sent(1, 0);
      this.#teller.write(stream, encodedFrame(this.#parts.encoding, next));
    }
    if (stream.late !== undefined && stream.owed === undefined) this.#writeLate(stream);
  }

  /** Keeps middleboxes from cutting the stream, and the client's id from growing too old to resume. */
  keepalive(stream: Stream): void {
    if (stream.blocked || stream.owed !== undefined) return;
    if (stream.state === "connecting") {
      if (stream.greeted) this.#teller.write(stream, keepaliveFrame);
      return;
    }
    if (stream.state === "active") enterState(stream, "idle");
    const { passed, ring } = this.#view;
    const atHead = !stream.reading && stream.cursor >= ring.newest && this.#step.hasAllLate(stream);
    if (!atHead || passed <= stream.cursor) {
      this.#teller.write(stream, keepaliveFrame);
      return;
    }
    stream.cursor = passed;
    this.#teller.keepalive(stream);
  }

  leave(stream: Stream): void {
    if (stream.reading) this.#replay?.leave(stream);
  }

  abandonReads(): void {
    this.#replay?.abandon();
  }

  get #keepsNothing(): boolean {
    return this.#view.epoch === unstoredEpoch;
  }

  #mayReplay({ resuming, replayedEvents, replayedBytes }: Stream): boolean {
    if (this.#keepsNothing) return false;
    if (!resuming) return true;
    const { maxEvents, maxBytes } = this.#parts.shared.resumeLimits();
    return replayedEvents < maxEvents && replayedBytes < maxBytes;
  }

  /** From the journal, or else where the ring begins. */
  #readOn(stream: Stream): void {
    if (this.#mayReplay(stream)) {
      this.#replay ??= this.#makeReplay();
      this.#replay.join(stream);
      return;
    }
    const to = this.#view.ring.entryFrom(Math.max(stream.cursor, ...(stream.starts?.values() ?? [])));
    stream.starts = undefined;
    if (this.#keepsNothing) {
      this.relief.overrun(stream, to);
      this.skip(stream, to, "slow_consumer");
      return;
    }
    this.#teller.resumed(stream, "replay_limit");
    this.skip(stream, to, "replay_limit");
  }

  /** The stream goes on after `to`, and is told what it does not get. */
  skip(stream: Stream, to: number, reason: "slow_consumer" | "replay_limit"): void {
    if (stream.reading) this.#replay?.leave(stream);
    stream.reading = false;
    if (stream.owed?.kind !== "gap") stream.owed = { kind: "gap", from: this.#step.idOf(stream), reason };
    const after = stream.cursor;
    stream.cursor = to;
    this.#step.skipped(stream);
    // What is found late in there is told with it.
    this.#noteRead(stream, after);
    this.pump(stream);
  }

  #makeReplay(): Replay {
    const { shared, members, encoding, view } = this.#parts;
    const { clock, pages, log } = shared;
    const serve = (streams: readonly Stream[], past: ServedPast) => this.#serve(streams, past);
    return new Replay({ clock, pages, log, members, encoding, view, serve });
  }

  #serve(streams: readonly Stream[], { after, frames, completeTo }: ServedPast): void {
    const open = streams.filter(isOpen);
    for (const stream of open) if (stream.owed !== undefined) this.#teller.pay(stream, stream.owed);
    inTurns(open, (stream) => this.#writeFrom(frames, stream, 1));
    for (const stream of open) {
      const wanted = Math.min(completeTo, stream.keep?.to ?? completeTo);
      if (!stream.blocked && stream.owed === undefined) stream.cursor = Math.max(stream.cursor, wanted);
      this.#noteRead(stream, after);
    }
    inTurns(open, (stream) => this.pump(stream, 1));
  }

  #noteRead(stream: Stream, after: number): void {
    const { settling } = this.#parts;
    if (stream.late !== undefined && settling !== undefined) {
      const settled = settling.log.hasLookedAtAll(stream.late) ? settling.settledTo : 0;
      noteRead(stream.late, { from: after, to: stream.cursor }, settled);
    }
    if (stream.starts !== undefined && stream.cursor >= Math.max(...stream.starts.values())) stream.starts = undefined;
  }

  #writeLate(stream: Stream): void {
    const { settling, shared } = this.#parts;
    const id = (sequence: number) => formatEventId(this.#view.epoch, sequence);
    const lost = settling?.log.lostBy(stream);
    if (lost !== undefined) this.#teller.pay(stream, { kind: "gap", from: id(lost.from), reason: "expired" });
    while (!stream.blocked && stream.owed === undefined && isOpen(stream)) {
      const entry = settling?.log.takeFor(stream);
      if (entry === undefined) return;
      if (entry.kind === "gap") this.#teller.countGaps(1, true);
      else shared.metrics.sent(1, 0);
      this.#teller.write(stream, entry.bytes(this.#step.idOf(stream)));
    }
  }

  /** False: only the number of pieces has kept it from going on. */
  #writeFrom(frames: FrameRing, stream: Stream, pieces: number): boolean {
    for (let left = pieces; !stream.blocked && stream.owed === undefined && isOpen(stream); left -= 1) {
      if (left <= 0 && stream.keep === undefined && stream.cursor < frames.newest) return false;
      const piece = frames.pieceAfter(stream.cursor, stream.keep?.to);
      if (piece === undefined) return true;
      this.#writePiece(frames, stream, piece);
    }
    return true;
  }

  #writePiece(frames: FrameRing, stream: Stream, piece: Piece): void {
    stream.cursor = piece.to;
    if (frames !== this.#view.ring) {
      stream.replayedEvents += piece.events;
      stream.replayedBytes += piece.bytes.length;
    }
    if (stream.state === "idle") enterState(stream, "active");
    this.#parts.shared.metrics.sent(piece.events, 0);
    if (piece.gaps > 0) {
      this.#teller.countGaps(piece.gaps, !stream.resuming);
      this.#teller.resumed(stream, "expired");
    }
    this.#teller.write(stream, piece.bytes);
  }
}

/** Writes to the one after the other, piece by piece: those at the same place share what is joined for the first of them. `write`: true, it is done. */
const inTurns = (streams: readonly Stream[], write: (stream: Stream) => boolean): void => {
  for (let left = streams; left.length > 0; ) left = left.filter((stream) => !write(stream));
};
