import type { ResponseHeaders } from "../http/answer.ts";
import { statusLine } from "./status-line.ts";

/** Lists that are remembered: those of streams and of stored publishes are used again and again. */
const remembered = 4;

interface Made {
  readonly status: number;
  readonly headers: ResponseHeaders;
  readonly block: string;
}

/**
 * Status and headers as one text that uWebSockets.js writes where it expects the status alone: a call for each header
 * costs ten times what its bytes do.
 */
export class HeadBlocks {
  readonly #made: Made[] = [];
  #next = 0;

  /** Without the `HTTP/1.1 ` before it and the line end after it. */
  of(status: number, headers: ResponseHeaders): string {
    for (const made of this.#made) if (made.headers === headers && made.status === status) return made.block;
    let block = statusLine(status);
    for (const [name, value] of headers) block += `\r\n${name}: ${value}`;
    this.#made[this.#next] = { status, headers, block };
    this.#next = (this.#next + 1) % remembered;
    return block;
  }
}
