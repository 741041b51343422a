import { EventSource } from "eventsource";
import { patienceMs, type Reader, type ReaderName } from "./judge.ts";
import { ParsedFetch } from "./parsed-fetch.ts";
import { createRecorder, type Source } from "./recorder.ts";
import { answered } from "./verdict.ts";

const readerOf = (name: ReaderName, source: (url: string) => Source): Reader => {
  const recorder = createRecorder();
  let count = 0;
  return {
    name,
    open: async (url, { types = [] } = {}) => {
      count += 1;
      const id = String(count);
      recorder.open(id, source(url), types);
      return {
        take: async (wanted) => answered("events", wanted, await recorder.take(id, wanted, patienceMs)),
        changes: async (wanted) => answered("changes", wanted, await recorder.changes(id, wanted, patienceMs)),
        rest: async () => recorder.rest(id),
        listen: async (more) => recorder.listen(id, more),
        close: async () => recorder.close(id),
      };
    },
  };
};

/** The npm package `eventsource`: a second EventSource, on Node's fetch. */
export const npmEventSource = (): Reader => readerOf("eventsource", (url) => new EventSource(url));

/** The npm package `eventsource-parser` on a plain fetch; it never reconnects. */
export const npmParser = (): Reader => readerOf("eventsource-parser", (url) => new ParsedFetch(url));
