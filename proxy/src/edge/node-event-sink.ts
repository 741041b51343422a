import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { ResponseHeaders } from "../http/answer.ts";
import type { EventSink, OpenStream } from "../hub/ports.ts";
import type { ChunkFraming } from "./chunk-framing.ts";

export interface NodeSinkParts {
  readonly response: ServerResponse;
  readonly socket: Socket;
  readonly headers: ResponseHeaders;
  readonly framing: ChunkFraming;
  /** Milliseconds after which a client that takes nothing is cut. */
  readonly patienceMs: () => number;
}

/**
 * A `node:http` response as an `EventSink`. After the head it writes to the socket itself: the chunk is framed once for
 * all streams, goes out in one system call, and what `write` returns is the state of the socket and not of a cork.
 */
export class NodeEventSink implements EventSink {
  readonly #parts: NodeSinkParts;
  /** HTTP/1.0 knows no chunks: the body ends with the connection. */
  readonly #chunked: boolean;
  #headSent = false;
  #full = false;
  #state: "open" | "ending" | "ended" = "open";
  #stream: OpenStream | undefined;

  constructor(parts: NodeSinkParts) {
    this.#parts = parts;
    this.#chunked = parts.response.req.httpVersion === "1.1";
    parts.socket.on("drain", this.#drained);
  }

  /** Tells who is to hear of `writable` and `closed`; at once `closed` when the response has ended meanwhile. */
  attach(stream: OpenStream): void {
    this.#stream = stream;
    if (this.#state === "ended") this.#closed();
  }

  write(frames: Uint8Array): boolean {
    if (this.#state !== "open" || frames.length === 0) return !this.#full;
    const { socket, framing } = this.#parts;
    if (!this.#headSent) {
      socket.cork();
      this.#sendHead();
    }
    const went = socket.write(this.#chunked ? framing.chunk(frames) : frames);
    if (socket.writableCorked > 0) socket.uncork();
    if (!went) this.#becomeFull();
    return went;
  }

  end(frames?: Uint8Array): void {
    if (this.#state !== "open") return;
    if (frames !== undefined) this.write(frames);
    this.#state = "ending";
    if (!this.#headSent) this.#sendHead();
    // Its "close" tells when the last byte has left; a client that does not read it is cut.
    this.#parts.response.end();
    this.#parts.socket.setTimeout(this.#parts.patienceMs());
  }

  /** The response is over: everything has been handed to the system, or the client is gone. */
  closed(): void {
    this.#state = "ended";
    this.#parts.socket.off("drain", this.#drained);
    this.#closed();
  }

  readonly #drained = (): void => {
    if (!this.#full || this.#state !== "open") return;
    this.#full = false;
    this.#parts.socket.setTimeout(0);
    this.#stream?.writable();
  };

  /** As long as single bytes go out the time-out begins anew. */
  #becomeFull(): void {
    if (this.#full) return;
    this.#full = true;
    this.#parts.socket.setTimeout(this.#parts.patienceMs());
  }

  #closed(): void {
    const stream = this.#stream;
    this.#stream = undefined;
    // Later, since the hub may be in the middle of its own call to `end`.
    if (stream !== undefined) queueMicrotask(() => stream.closed());
  }

  #sendHead(): void {
    const { response, headers } = this.#parts;
    this.#headSent = true;
    const framing: ResponseHeaders = this.#chunked ? [["Transfer-Encoding", "chunked"]] : [];
    response.writeHead(200, [...headers, ...framing].flat());
    response.flushHeaders();
  }
}
