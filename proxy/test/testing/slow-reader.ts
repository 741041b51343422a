import { createHash } from "node:crypto";
import { connect, type Socket } from "node:net";

/** One event as it arrived: its id and a digest of its whole frame. */
export interface FrameMark {
  readonly id: string;
  readonly digest: string;
}

export const frameDigest = (frame: string): string => createHash("sha256").update(frame).digest("base64");

/** Undoes the chunked framing of a stream as it arrives, without keeping it. */
class Dechunker {
  #waiting: Buffer = Buffer.alloc(0);
  /** Bytes of the present chunk that have not come yet, its line end included. */
  #left = 0;
  #inHead = true;

  /** The bytes of the body that `part` brings; throws where the framing breaks. */
  feed(part: Buffer): Buffer {
    this.#waiting = this.#waiting.length === 0 ? part : Buffer.concat([this.#waiting, part]);
    if (this.#inHead && !this.#skipHead()) return Buffer.alloc(0);
    const body: Buffer[] = [];
    while (this.#waiting.length > 0) {
      if (this.#left === 0 && !this.#beginChunk()) break;
      body.push(this.#takeChunk());
    }
    return Buffer.concat(body);
  }

  #skipHead(): boolean {
    const end = this.#waiting.indexOf("\r\n\r\n");
    if (end < 0) return false;
    this.#waiting = this.#waiting.subarray(end + 4);
    this.#inHead = false;
    return true;
  }

  #beginChunk(): boolean {
    const end = this.#waiting.indexOf("\r\n");
    if (end < 0) return false;
    const size = this.#waiting.toString("latin1", 0, end);
    if (!/^[0-9a-f]{1,8}$/i.test(size)) throw new Error(`a chunk begins with ${JSON.stringify(size.slice(0, 40))}`);
    this.#waiting = this.#waiting.subarray(end + 2);
    this.#left = Number.parseInt(size, 16) + 2;
    return true;
  }

  #takeChunk(): Buffer {
    const part = this.#waiting.subarray(0, this.#left);
    this.#waiting = this.#waiting.subarray(part.length);
    const lineEndFrom = Math.max(0, this.#left - 2);
    this.#left -= part.length;
    const tail = part.subarray(Math.min(lineEndFrom, part.length));
    if (tail.some((byte) => byte !== 13 && byte !== 10)) throw new Error("a chunk does not end where it should");
    return part.subarray(0, Math.min(lineEndFrom, part.length));
  }
}

/** Reads a stream in fits and starts and keeps a mark of each frame. */
export class SlowReader {
  readonly marks: FrameMark[] = [];
  /** What else was told: control frames other than comments, `retry:` and bare ids. */
  readonly strange: string[] = [];
  /** Set when the stream broke. */
  fault: string | undefined;
  readonly #socket: Socket;
  readonly #dechunker = new Dechunker();
  readonly #random: () => number;
  #rest = "";
  #sincePause = 0;
  #hurry = false;
  #started = false;

  constructor(port: number, topic: string, random: () => number) {
    this.#random = random;
    this.#socket = connect(port, "127.0.0.1", () =>
      this.#socket.write(`GET /events/${topic} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`),
    );
    this.#socket.on("data", (part: Buffer) => this.#read(part));
    this.#socket.on("error", (error) => {
      this.fault ??= error.message;
    });
    this.#socket.on("close", () => {
      this.fault ??= "the connection was closed";
    });
  }

  get started(): boolean {
    return this.#started;
  }

  /** Reads on as fast as it can. */
  hurry(): void {
    this.#hurry = true;
    this.#socket.resume();
  }

  close(): void {
    this.#socket.removeAllListeners("close").destroy();
  }

  #read(part: Buffer): void {
    try {
      this.#take(this.#dechunker.feed(part).toString("latin1"));
    } catch (error) {
      this.fault ??= String(error);
      this.#socket.destroy();
    }
    this.#sincePause += part.length;
    if (this.#hurry || this.#sincePause < 200_000 * this.#random()) return;
    this.#sincePause = 0;
    this.#socket.pause();
    setTimeout(() => this.#socket.resume(), 20 + this.#random() * 100);
  }

  #take(text: string): void {
    const frames = (this.#rest + text).split("\n\n");
    this.#rest = frames.pop() ?? "";
    for (const frame of frames) this.#frame(frame);
  }

  #frame(frame: string): void {
    const id = /^id: (\S+)\ndata: /.exec(frame)?.[1];
    // Copied, since a part of a string keeps the whole of it in memory.
    if (id !== undefined) this.marks.push({ id: Buffer.from(id).toString(), digest: frameDigest(frame) });
    else if (/^(retry: \d+\n)?(:\n)?id: \S+$/.test(frame)) this.#started = true;
    else if (frame !== ":") this.strange.push(frame.slice(0, 200));
  }
}
