import http from "node:http";
import { createParser } from "eventsource-parser";

export interface ReceivedEvent {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: string;
  readonly receivedAt: number;
}

/** One open stream. `lastEventId` is what a browser would send when it reconnects. */
export interface SseStream {
  readonly events: readonly ReceivedEvent[];
  readonly lastEventId: string | undefined;
  readonly retryMs: number | undefined;
  /** Resolves when the server ended the stream or the connection broke. */
  readonly ended: Promise<void>;
  /** Resolves when `count` events have arrived; rejects after `timeoutMs`, or when the stream ends first. */
  received(count: number, timeoutMs?: number): Promise<readonly ReceivedEvent[]>;
  close(): void;
}

interface Waiter {
  readonly count: number;
  readonly done: () => void;
}

/** The parser reports ids of dispatched events only; a block of just an id counts too (WHATWG: dispatch, step 1). */
const lastIdOf = (text: string, before: string | undefined): string | undefined => {
  const ids = [...text.matchAll(/^id: ?(.*)$/gm)];
  return ids.at(-1)?.[1] ?? before;
};

const read = (response: http.IncomingMessage): SseStream => {
  const events: ReceivedEvent[] = [];
  const waiters = new Set<Waiter>();
  let lastEventId: string | undefined;
  let retryMs: number | undefined;
  const parser = createParser({
    onEvent: ({ id, event, data }) => events.push({ id, event, data, receivedAt: Date.now() }),
    onRetry: (milliseconds) => {
      retryMs = milliseconds;
    },
  });
  let block = "";
  response.setEncoding("utf8").on("data", (text: string) => {
    parser.feed(text);
    block += text;
    const whole = block.lastIndexOf("\n\n");
    if (whole >= 0) {
      lastEventId = lastIdOf(block.slice(0, whole), lastEventId);
      block = block.slice(whole + 2);
    }
    for (const waiter of waiters) if (events.length >= waiter.count) waiter.done();
  });
  const ended = new Promise<void>((resolve) => {
    response.on("close", resolve).on("error", () => resolve());
  });
  const received = (count: number, timeoutMs = 10_000): Promise<readonly ReceivedEvent[]> =>
    new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        waiters.delete(waiter);
        clearTimeout(timer);
        settle();
      };
      const short = (why: string): void =>
        finish(() => reject(new Error(`${why}: ${events.length} of ${count} events, the last id is ${lastEventId}`)));
      const waiter: Waiter = { count, done: () => finish(() => resolve(events)) };
      const timer = setTimeout(() => short(`nothing more came for ${timeoutMs} ms`), timeoutMs);
      waiters.add(waiter);
      if (events.length >= count) waiter.done();
      void ended.then(() => waiters.has(waiter) && short("the stream ended"));
    });
  return {
    events,
    get lastEventId() {
      return lastEventId;
    },
    get retryMs() {
      return retryMs;
    },
    ended,
    received,
    close: () => response.destroy(),
  };
};

/** Opens a stream of `topic` at a proxy; resolves when its headers are there. Rejects when the answer is not 200. */
export const openStream = (origin: string, topic: string, lastEventId?: string): Promise<SseStream> =>
  new Promise((resolve, reject) => {
    const headers = {
      accept: "text/event-stream",
      ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
    };
    const request = http.get(`${origin}/events/${encodeURIComponent(topic)}`, { headers, agent: false }, (response) => {
      if (response.statusCode === 200) {
        resolve(read(response));
        return;
      }
      response.resume();
      reject(new Error(`GET /events/${topic} at ${origin} answered ${response.statusCode}`));
    });
    request.on("error", reject);
  });

/** Publishes `data`; resolves with the id of the stored event, rejects when the answer is not 202. */
export const publish = async (origin: string, topic: string, data: string, key: string): Promise<string> => {
  const response = await fetch(`${origin}/events/${encodeURIComponent(topic)}`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "text/plain" },
    body: data,
  });
  const body = await response.text();
  if (response.status !== 202)
    throw new Error(`POST /events/${topic} at ${origin} answered ${response.status}: ${body}`);
  return (JSON.parse(body) as { id: string }).id;
};
