import type { Reach } from "./platform.ts";
import { openStream, type SseStream } from "./sse-client.ts";

/** A client that reconnects with its last event id, as a browser does, until it is closed. */
export interface ResumingReader {
  /** Resolves when the first stream is open. */
  readonly opened: Promise<void>;
  readonly connections: number;
  /** Resolves with the data of all events so far once there are `count`, duplicates included. */
  received(count: number, timeoutMs: number): Promise<readonly string[]>;
  close(): Promise<void>;
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Reads `topic` from wherever `reachFor(attempt)` leads, for as long as it takes. */
export const endlessReader = (reachFor: (attempt: number) => Promise<Reach>, topic: string): ResumingReader => {
  const data: string[] = [];
  let current: SseStream | undefined;
  let lastEventId: string | undefined;
  let connections = 0;
  let attempt = 0;
  let closed = false;
  let announceOpen: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    announceOpen = resolve;
  });

  const readOnce = async (): Promise<void> => {
    const reach = await reachFor(attempt);
    attempt += 1;
    try {
      current = await openStream(reach.origin, topic, lastEventId);
      connections += 1;
      announceOpen();
      await current.ended;
    } finally {
      if (current !== undefined) {
        data.push(...current.events.map((event) => event.data));
        lastEventId = current.lastEventId ?? lastEventId;
        current = undefined;
      }
      await reach.close();
    }
  };

  const reading = (async () => {
    while (!closed) {
      try {
        await readOnce();
      } catch (error) {
        if (attempt > 200) throw error;
      }
      await pause(200);
    }
  })();

  return {
    opened,
    get connections() {
      return connections;
    },
    async received(count, timeoutMs) {
      const deadline = Date.now() + timeoutMs;
      const all = (): string[] => [...data, ...(current?.events.map((event) => event.data) ?? [])];
      while (all().length < count) {
        if (Date.now() > deadline) throw new Error(`${all().length} of ${count} events came in ${timeoutMs} ms`);
        await pause(50);
      }
      await pause(500);
      return all();
    },
    async close() {
      closed = true;
      current?.close();
      await reading;
    },
  };
};
