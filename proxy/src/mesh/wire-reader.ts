import { emptyLine, readMessageLine } from "./wire-line.ts";

/** Where one message lies in the bytes of a read; good until its receiver returns. */
export interface WireMessage {
  readonly bytes: Buffer;
  readonly subjectAt: number;
  readonly subjectEnd: number;
  /** Where it has no headers: `dataAt`. */
  readonly headersAt: number;
  readonly dataAt: number;
  readonly end: number;
}

/** Must not throw: that would end the reading of its connection. */
export type WireReceiver = (message: WireMessage) => void;

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const letterH = 0x48;
const letterM = 0x4d;
const lineEnd = 2;
const nothing = Buffer.alloc(0);

/** Instead of the offset behind an operation: its end has not come yet, or it is none that a server sends. */
const incomplete = 0;
const strange = -1;

/**
 * Takes messages for which there is a receiver out of what a NATS server sends, as they lie in the read buffer: nothing
 * is made for a message. Everything else is handed out for the client library, in its place between them and in whole
 * operations, and so is all from where the bytes are not what a server sends.
 */
export class WireReader {
  readonly #receiverOf: (subscription: number) => WireReceiver | undefined;
  readonly #line = emptyLine();
  readonly #message = { bytes: nothing as Buffer, subjectAt: 0, subjectEnd: 0, headersAt: 0, dataAt: 0, end: 0 };
  /** Of the operation that was looked at last. */
  #receiver: WireReceiver | undefined;
  #bytes: Buffer = nothing;
  #at = 0;
  /** The beginning of an operation, whose end is in a later read. */
  #rest: Buffer[] = [];
  #restBytes = 0;
  /** With fewer bytes than these it is certainly not whole. */
  #needed = 0;
  #strange = false;

  constructor(receiverOf: (subscription: number) => WireReceiver | undefined) {
    this.#receiverOf = receiverOf;
  }

  /** The bytes of one read, which are kept for a while; `next` must have returned undefined before. */
  feed(read: Buffer): void {
    this.#at = 0;
    this.#bytes = this.#rest.length === 0 ? read : this.#joined(read);
  }

  /** Gives receivers their messages up to what is the library's, and returns that; undefined: all that came is given out. */
  next(): Uint8Array | undefined {
    const bytes = this.#bytes;
    let from = this.#at;
    for (let end = this.#endOfNext(); end !== incomplete; end = this.#endOfNext()) {
      const receiver = this.#receiver;
      if (receiver !== undefined && this.#at > from) break;
      this.#at = end;
      if (receiver === undefined) continue;
      from = end;
      receiver(this.#message);
    }
    if (this.#at > from) return bytes.subarray(from, this.#at);
    this.#keepRest();
    return undefined;
  }

  /** Where the next operation ends; from strange bytes on all that came is one, and the library's. */
  #endOfNext(): number {
    const bytes = this.#bytes;
    if (this.#at >= bytes.length) return incomplete;
    const end = this.#strange ? strange : this.#operationEnd(bytes, this.#at);
    if (end !== strange) return end;
    this.#strange = true;
    this.#receiver = undefined;
    return bytes.length;
  }

  #joined(read: Buffer): Buffer {
    this.#rest.push(read);
    this.#restBytes += read.length;
    if (this.#restBytes < this.#needed) return nothing;
    const joined = Buffer.concat(this.#rest, this.#restBytes);
    this.#rest = [];
    return joined;
  }

  #keepRest(): void {
    if (this.#at < this.#bytes.length) {
      this.#rest = [this.#bytes.subarray(this.#at)];
      this.#restBytes = this.#bytes.length - this.#at;
    }
    this.#bytes = nothing;
    this.#message.bytes = nothing;
    this.#at = 0;
  }

  #operationEnd(bytes: Buffer, at: number): number {
    this.#receiver = undefined;
    this.#needed = 0;
    const first = bytes[at];
    if (first === letterM || first === letterH) return this.#messageEnd(bytes, at, first === letterH);
    const end = bytes.indexOf(lineFeed, at);
    return end < 0 ? incomplete : end + 1;
  }

  #messageEnd(bytes: Buffer, at: number, withHeaders: boolean): number {
    const line = this.#line;
    const isRead = readMessageLine(line, bytes, at, withHeaders);
    if (isRead !== true) return isRead === undefined ? incomplete : strange;
    const end = line.end + line.size;
    if (end + lineEnd > bytes.length) {
      this.#needed = end + lineEnd - at;
      return incomplete;
    }
    if (bytes[end] !== carriageReturn || bytes[end + 1] !== lineFeed) return strange;
    this.#receiver = this.#receiverOf(line.subscription);
    if (this.#receiver === undefined) return end + lineEnd;
    const message = this.#message;
    message.bytes = bytes;
    message.subjectAt = line.subjectAt;
    message.subjectEnd = line.subjectEnd;
    message.headersAt = line.end;
    message.dataAt = line.end + line.headers;
    message.end = end;
    return end + lineEnd;
  }
}
