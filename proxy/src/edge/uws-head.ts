import type { HttpRequest } from "uWebSockets.js";
import { RequestHead } from "./request-head.ts";

/** Reads the headers of requests. One function serves all of them: none is made for each. */
export class HeadReader {
  #head = new RequestHead();

  read(request: HttpRequest): RequestHead {
    const head = new RequestHead();
    this.#head = head;
    request.forEach(this.#add);
    return head;
  }

  readonly #add = (name: string, value: string): void => this.#head.add(name, value);
}
