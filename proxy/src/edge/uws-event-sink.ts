import type { HttpResponse } from "uWebSockets.js";
import type { Answer } from "../http/answer.ts";
import type { EventSink, OpenStream } from "../hub/ports.ts";
import { PieceWriter } from "./piece-writer.ts";
import type { Stalled, StallWatch } from "./stall-watch.ts";
import { statusLine } from "./status-line.ts";

/** Status and headers that go out with the first bytes. */
type AnswerHead = Omit<Answer, "body">;

/** A comment line. uWS drains its own rest only when the handler writes something; this is the least that it can write. */
const nothing = new TextEncoder().encode(":\n\n");

/**
 * A uWS response as an `EventSink`. Status, headers and the first chunk go out in one cork (headers alone would stay
 * an unfinished block); afterwards there is at most one write per cork.
 * Never `end(…, closeConnection)`: it writes a header line into the middle of a chunked body.
 */
export class UwsEventSink implements EventSink, Stalled {
  readonly #response: HttpResponse;
  readonly #pieces: PieceWriter;
  readonly #stalls: StallWatch;
  #head: AnswerHead | undefined;
  #full = false;
  #wrote = false;
  #state: "open" | "ending" | "ended" = "open";
  #stream: OpenStream | undefined;

  constructor(response: HttpResponse, head: AnswerHead, stalls: StallWatch) {
    this.#response = response;
    this.#stalls = stalls;
    this.#head = head;
    this.#pieces = new PieceWriter((chunk) => this.#writeChunk(chunk));
    response.onWritable(() => this.#writable());
  }

  /** Tells who is to hear of `writable` and `closed`; at once `closed` when the response has ended meanwhile. */
  attach(stream: OpenStream): void {
    this.#stream = stream;
    if (this.#state === "ended") this.#closed();
  }

  write(frames: Uint8Array): boolean {
    if (this.#state !== "open" || frames.length === 0) return !this.#full;
    const went = this.#pieces.write(frames, this.#headerBytes());
    if (!went && !this.#full) this.#stalls.began(this);
    this.#full = !went;
    return went;
  }

  end(frames?: Uint8Array): void {
    if (this.#state !== "open") return;
    if (frames !== undefined) this.write(frames);
    this.#state = "ending";
    if (!this.#pieces.waiting) this.#finish();
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
    const went = this.#pieces.waiting ? this.#pieces.nudge() : this.#writeChunk(nothing);
    if (went) this.#writable();
  }

  cut(): void {
    if (this.#state !== "ended") this.#response.close();
  }

  #closed(): void {
    this.#stalls.ended(this);
    const stream = this.#stream;
    this.#stream = undefined;
    // Later, since the hub may be in the middle of its own call to `end`.
    if (stream !== undefined) queueMicrotask(() => stream.closed());
  }

  #headerBytes(): number {
    if (this.#head === undefined) return 0;
    // Status line, Date, uWebSockets and Transfer-Encoding take about 110 bytes.
    return this.#head.headers.reduce((sum, [name, value]) => sum + name.length + value.length + 4, 256);
  }

  #writeChunk(chunk: Uint8Array): boolean {
    let went = true;
    this.#wrote = true;
    this.#response.cork(() => {
      this.#writeHead();
      went = this.#response.write(chunk);
    });
    return went;
  }

  #writeHead(): void {
    if (this.#head === undefined) return;
    this.#response.writeStatus(statusLine(this.#head.status));
    for (const [name, value] of this.#head.headers) this.#response.writeHeader(name, value);
    this.#head = undefined;
  }

  #finish(): void {
    this.#response.cork(() => {
      this.#writeHead();
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
    this.#full = !this.#pieces.resume();
    if (!this.#full && this.#state === "ending") this.#finish();
    else if (!this.#full && wasFull) this.#stream?.writable();
    if (!this.#wrote && this.#state === "open") this.#full = !this.#writeChunk(nothing);
    if (this.#full) this.#stalls.began(this);
    else this.#stalls.ended(this);
    return true;
  }
}
