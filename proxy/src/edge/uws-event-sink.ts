import type { HttpResponse } from "uWebSockets.js";
import type { EventSink, OpenStream } from "../hub/ports.ts";
import { bytesAfterFrames, type CorkedWrite } from "./corked-write.ts";
import { type ChunkTarget, isOnePiece, PieceWriter } from "./piece-writer.ts";
import type { Stalled, StallWatch } from "./stall-watch.ts";

/** A comment line. uWS drains its own rest only when the handler writes something; this is the least that it can write. */
const nothing = new TextEncoder().encode(":\n\n");

/**
 * uWS does not tell that the bytes of a cork did not all leave, and ends the connection 8 to 12 s later unless it has
 * seen by then that there is room again: a third of the kernel's buffer, which a slow client may take longer to read.
 * So many bytes always have room in a buffer that was seen to have some.
 */
const doubtfulBytes = 8_000;

/** What all sinks of an engine share. */
export interface UwsSinkParts {
  readonly stalls: StallWatch;
  readonly corked: CorkedWrite;
}

/**
 * A uWS response as an `EventSink`. Status, headers and the first chunk go out in one cork (headers alone would stay
 * an unfinished block); afterwards there is at most one write per cork, with the comment behind it that ends its chunk.
 * The library's handler has a cork of its own around all that is written in it: what comes after the first write there
 * waits for the next turn.
 * Never `end(…, closeConnection)`: it writes a header line into the middle of a chunked body.
 */
export class UwsEventSink implements EventSink, Stalled, ChunkTarget {
  readonly #response: HttpResponse;
  readonly #parts: UwsSinkParts;
  /** Most streams never need one. */
  #pieces: PieceWriter | undefined;
  /** Status and headers, which go out with the first bytes. */
  #head: string | undefined;
  /** The library's own cork is around what is written now. */
  #corked: boolean;
  #full = false;
  #heard = false;
  #wrote = false;
  #state: "open" | "ending" | "ended" = "open";
  /** Bytes that were written since uWS last told of room. */
  #unproven = 0;
  #isDoubted = false;
  #stream: OpenStream | undefined;

  /** A getter: a field would cost each stream a word. */
  get addedBytes(): number {
    return bytesAfterFrames;
  }

  constructor(response: HttpResponse, head: string, parts: UwsSinkParts, corked = false) {
    this.#response = response;
    this.#parts = parts;
    this.#head = head;
    this.#corked = corked;
  }

  /** The library's handler is about to return. */
  uncorked(): void {
    this.#corked = false;
    if (this.#pieces?.waiting === true || this.#state === "ending") setImmediate(() => this.#writable());
  }

  /** Tells who is to hear of `writable` and `closed`; at once `closed` when the response has ended meanwhile. */
  attach(stream: OpenStream): void {
    this.#stream = stream;
    if (this.#state === "ended") this.#closed();
  }

  write(frames: Uint8Array): boolean {
    if (this.#state !== "open" || frames.length === 0) return !this.#full;
    return this.#send(frames);
  }

  end(frames?: Uint8Array): void {
    if (this.#state !== "open") return;
    this.#state = "ending";
    if (frames !== undefined && frames.length > 0) this.#send(frames);
    if (this.#pieces?.waiting !== true && !this.#isSpent) this.#finish();
  }

  /** The client is gone: no call to the response is allowed any more. */
  aborted(): void {
    this.#state = "ended";
    this.#closed();
  }

  /**
   * uWS ends a connection 8 to 12 s after a write that did not go out whole, unless another write comes. What is
   * written is at most 15 bytes with its chunk header, in a cork of its own.
   */
  nudge(): void {
    if (this.#state === "ended") return;
    const went = this.#pieces?.waiting === true ? this.#pieces.nudge() : this.writeChunk(nothing, false);
    if (!went) return;
    this.#doubt(doubtfulBytes);
    this.#writable();
  }

  cut(): void {
    if (this.#state !== "ended") this.#response.close();
  }

  /** `pause` forgets the time-out, `resume` sets it anew and has the library wait for room. */
  hold(): void {
    if (this.#state === "ended") return;
    this.#hear();
    this.#response.pause();
    this.#response.resume();
  }

  #closed(): void {
    this.#parts.stalls.gone(this);
    const stream = this.#stream;
    this.#stream = undefined;
    // Later, since the hub may be in the middle of its own call to `end`.
    if (stream !== undefined) queueMicrotask(() => stream.closed());
  }

  /** The library's own cork has had its write. */
  get #isSpent(): boolean {
    return this.#corked && this.#wrote;
  }

  #headerBytes(): number {
    if (this.#head === undefined) return 0;
    // Status line, Date, uWebSockets and Transfer-Encoding take about 110 bytes.
    return this.#head.length + 256;
  }

  /** For the pieces of what is written. */
  writeChunk(chunk: Uint8Array, whole: boolean): boolean {
    this.#wrote = true;
    // The end of the answer ends the last chunk, too.
    const went = this.#parts.corked.write(this.#response, this.#head, chunk, whole && this.#state === "open");
    this.#head = undefined;
    if (went) this.#doubt(chunk.length);
    else this.#hear();
    return went;
  }

  #doubt(bytes: number): void {
    this.#unproven += bytes;
    if (this.#isDoubted || this.#unproven < doubtfulBytes) return;
    this.#isDoubted = true;
    this.#parts.stalls.doubted(this);
  }

  #send(frames: Uint8Array): boolean {
    const went = this.#feed(frames);
    if (!went && !this.#full) this.#parts.stalls.began(this);
    this.#full = !went;
    return went;
  }

  #feed(frames: Uint8Array): boolean {
    const reserve = this.#headerBytes();
    if (this.#pieces === undefined && !this.#isSpent && isOnePiece(frames.length, reserve))
      return this.writeChunk(frames, true);
    this.#pieces ??= new PieceWriter(this);
    return this.#corked ? this.#pieces.hold(frames) : this.#pieces.write(frames, reserve);
  }

  /** uWS tells in a later turn only, so it is soon enough to listen once the socket is full; most never are. */
  #hear(): void {
    if (this.#heard) return;
    this.#heard = true;
    this.#response.onWritable(() => this.#roomTold());
  }

  /** The library has forgotten its time-out. */
  #roomTold(): boolean {
    this.#unproven = 0;
    this.#isDoubted = false;
    this.#parts.stalls.trusted(this);
    return this.#writable();
  }

  #finish(): void {
    this.#response.cork(() => {
      if (this.#head !== undefined) this.#response.writeStatus(this.#head);
      this.#head = undefined;
      this.#response.end();
    });
    this.#state = "ended";
    this.#closed();
  }

  /** Always true: the rest is ours to write, and uWS does not look further at it. */
  #writable(): boolean {
    if (this.#state === "ended") return true;
    const wasFull = this.#full;
    this.#wrote = false;
    this.#full = this.#pieces?.resume(this.#headerBytes()) === false;
    if (!this.#full && this.#state === "ending") this.#finish();
    else if (!this.#full && wasFull) this.#stream?.writable();
    if (!this.#wrote && this.#state === "open") this.#full = !this.writeChunk(nothing, false);
    if (this.#full) this.#parts.stalls.began(this);
    else this.#parts.stalls.ended(this);
    return true;
  }
}
