import type { HttpResponse } from "uWebSockets.js";

/**
 * uWS sends the line end of a chunk with the next one, and urllib3 (requests and sseclient of Python) keeps a chunk
 * back until that has come. So a chunk that nobody waits for goes behind: a comment, as at a keepalive.
 */
const afterFrames = new TextEncoder().encode(":\n\n");

export const bytesAfterFrames = afterFrames.length;

/** Writes in a cork, so that head, chunk header and chunk are one send. One function serves all responses: none is made for each write. */
export class CorkedWrite {
  #response: HttpResponse | undefined;
  #head: string | undefined;
  #chunk: Uint8Array | undefined;
  #whole = false;
  #went = true;

  /**
   * `head`: status and headers that are still to be sent. `whole`: a frame ends with the chunk; within one nothing may
   * be added. False: the socket is full.
   */
  write(response: HttpResponse, head: string | undefined, chunk: Uint8Array, whole: boolean): boolean {
    this.#response = response;
    this.#head = head;
    this.#chunk = chunk;
    this.#whole = whole;
    response.cork(this.#write);
    this.#response = undefined;
    this.#chunk = undefined;
    return this.#went;
  }

  readonly #write = (): void => {
    if (this.#response === undefined || this.#chunk === undefined) return;
    if (this.#head !== undefined) this.#response.writeStatus(this.#head);
    this.#went = this.#response.write(this.#chunk);
    if (this.#whole) this.#went = this.#response.write(afterFrames) && this.#went;
  };
}
