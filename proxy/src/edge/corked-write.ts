import type { HttpResponse } from "uWebSockets.js";

/** Writes in a cork, so that head, chunk header and chunk are one send. One function serves all responses: none is made for each write. */
export class CorkedWrite {
  #response: HttpResponse | undefined;
  #head: string | undefined;
  #chunk: Uint8Array | undefined;
  #went = true;

  /** `head`: status and headers that are still to be sent. False: the socket is full. */
  write(response: HttpResponse, head: string | undefined, chunk: Uint8Array): boolean {
    this.#response = response;
    this.#head = head;
    this.#chunk = chunk;
    response.cork(this.#write);
    this.#response = undefined;
    this.#chunk = undefined;
    return this.#went;
  }

  readonly #write = (): void => {
    if (this.#response === undefined || this.#chunk === undefined) return;
    if (this.#head !== undefined) this.#response.writeStatus(this.#head);
    this.#went = this.#response.write(this.#chunk);
  };
}
