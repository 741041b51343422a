import { createParser } from "eventsource-parser";
import type { Source } from "./recorder.ts";

type Listen = Parameters<Source["addEventListener"]>[1];

/**
 * The event stream of one fetch, as `eventsource-parser` reads it. A line that the parser calls an error becomes a
 * message, so that no case passes with one.
 */
export class ParsedFetch implements Source {
  readonly #abort = new AbortController();
  readonly #listeners: { readonly type: string; readonly listen: Listen }[] = [];
  readyState = 0;

  constructor(url: string) {
    // As EventSource has it: whatever ends the reading is an `error` event without a reason.
    this.#read(url).catch(() => this.#end());
  }

  addEventListener(type: string, listen: Listen): void {
    this.#listeners.push({ type, listen });
  }

  close(): void {
    this.readyState = 2;
    this.#abort.abort();
  }

  #tell(event: Parameters<Listen>[0]): void {
    for (const { type, listen } of this.#listeners) if (type === event.type) listen(event);
  }

  #end(): void {
    if (this.readyState === 2) return;
    this.readyState = 2;
    this.#tell({ type: "error" });
  }

  async #read(url: string): Promise<void> {
    const response = await fetch(url, { signal: this.#abort.signal, headers: { accept: "text/event-stream" } });
    if (response.status !== 200 || response.body === null) return this.#end();
    this.readyState = 1;
    this.#tell({ type: "open" });
    let lastEventId = "";
    const parser = createParser({
      onId: (id) => {
        lastEventId = id;
      },
      onEvent: ({ event, data }) => this.#tell({ type: event ?? "message", data, lastEventId }),
      onError: ({ message }) => this.#tell({ type: "message", data: `parser: ${message}`, lastEventId }),
    });
    // The byte order mark is left for the parser to judge.
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });
    for await (const bytes of response.body) parser.feed(decoder.decode(bytes, { stream: true }));
    this.#end();
  }
}
