import type { EventSink } from "../ports.ts";
import { joinFrames } from "../sse-frame.ts";

/** A client's end of a stream: remembers every byte, and can be slow. */
export class RecordingSink implements EventSink {
  readonly writes: Uint8Array[] = [];
  ended = false;
  /** Writes that came although the sink was full, or after the end. */
  overruns = 0;
  /** Writes that are taken before the sink says that it is full; then again as many after each `writable()`. */
  patience = Number.POSITIVE_INFINITY;
  #left = Number.POSITIVE_INFINITY;

  write(frames: Uint8Array): boolean {
    if (this.#left <= 0 || this.ended) this.overruns += 1;
    this.writes.push(frames);
    this.#left = Math.min(this.#left, this.patience) - 1;
    return this.#left > 0;
  }

  end(frames?: Uint8Array): void {
    if (frames !== undefined) this.writes.push(frames);
    this.ended = true;
  }

  /** To be called before `writable()`. */
  drained(): void {
    this.#left = this.patience;
  }

  get bytes(): Uint8Array {
    return joinFrames(this.writes);
  }

  get text(): string {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.bytes);
  }

  get byteLength(): number {
    return this.writes.reduce((sum, write) => sum + write.length, 0);
  }
}
