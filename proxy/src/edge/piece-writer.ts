/**
 * Largest write in bytes, chunk header included, that uWebSockets.js 20.0 carries unharmed through one cork while the
 * socket is full: what does not fit its 16 KiB cork buffer together with the rest can be lost.
 */
export const safeCorkBytes = 16_000;

/** CRLF, up to eight hexadecimal digits and CRLF before each chunk; eight bytes that end the last one. */
const framingBytes = 12 + 8;

/** What a write needs of a chunked response. */
export interface ChunkTarget {
  /** `whole`: a frame ends with this chunk. False: the socket is full. */
  writeChunk(chunk: Uint8Array, whole: boolean): boolean;
}

/** Whether so many bytes go through one cork of which `reserve` bytes are taken by headers. */
export const isOnePiece = (bytes: number, reserve: number): boolean => bytes + framingBytes + reserve <= safeCorkBytes;

/**
 * Feeds bytes of any length to a response in pieces that survive backpressure, and stops at the first `false`.
 * The rest is kept as a view and goes first when the socket is writable again.
 */
export class PieceWriter {
  readonly #target: ChunkTarget;
  readonly #limit: number;
  #rest: Uint8Array | undefined;

  /** `limit` is in bytes per write. */
  constructor(target: ChunkTarget, limit: number = safeCorkBytes) {
    this.#target = target;
    this.#limit = limit - framingBytes;
  }

  /** Whether bytes wait for `resume`. */
  get waiting(): boolean {
    return this.#rest !== undefined;
  }

  /** Always false: the bytes wait for `resume`, whatever the socket would take. */
  hold(bytes: Uint8Array): false {
    this.#rest = this.#rest === undefined ? bytes : joined(this.#rest, bytes);
    return false;
  }

  /** False: the socket is full; nothing more should be written before `resume` returned true. `reserve`: bytes of the first cork that are taken by headers. */
  write(bytes: Uint8Array, reserve = 0): boolean {
    return this.#rest === undefined ? this.#feed(bytes, reserve) : this.hold(bytes);
  }

  /** Goes on with what waits; `reserve` as for `write`. */
  resume(reserve = 0): boolean {
    const rest = this.#rest;
    this.#rest = undefined;
    return rest === undefined || this.#feed(rest, reserve);
  }

  /** One byte more of what waits, to a socket that is full; only while something waits. */
  nudge(): boolean {
    const rest = this.#rest;
    if (rest === undefined) return true;
    this.#rest = rest.length > 1 ? rest.subarray(1) : undefined;
    return this.#target.writeChunk(rest.subarray(0, 1), rest.length === 1);
  }

  #feed(bytes: Uint8Array, reserve: number): boolean {
    let offset = 0;
    while (offset < bytes.length) {
      const room = offset === 0 ? this.#limit - reserve : this.#limit;
      const end = Math.min(bytes.length, offset + room);
      const went = this.#target.writeChunk(bytes.subarray(offset, end), end === bytes.length);
      offset = end;
      if (!went) {
        if (offset < bytes.length) this.#rest = bytes.subarray(offset);
        return false;
      }
    }
    return true;
  }
}

const joined = (first: Uint8Array, second: Uint8Array): Uint8Array => {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
};
