import http from "node:http";

/** What became of a request for a stream. */
export interface Reader {
  readonly status: number;
  /** Resolves when the stream has ended, by whomever. */
  readonly ended: Promise<void>;
  close(): void;
}

export interface ReaderOptions {
  readonly topic: string;
  readonly lastEventId?: string;
  readonly token?: string;
}

/** Asks for a stream and throws away what it brings; rejects only when there is no answer at all. */
export const openReader = (origin: string, { topic, lastEventId, token }: ReaderOptions): Promise<Reader> =>
  new Promise((resolve, reject) => {
    const headers = {
      accept: "text/event-stream",
      ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    const request = http.get(`${origin}/events/${encodeURIComponent(topic)}`, { headers, agent: false }, (response) => {
      const ended = new Promise<void>((end) => {
        response.on("close", end).on("error", () => end());
      });
      response.resume();
      resolve({ status: response.statusCode ?? 0, ended, close: () => response.destroy() });
    });
    request.on("error", reject);
  });

/** Opens `count` streams, spread over the origins and over `topics`; rejects when one is refused. */
export const openCrowd = async (
  origins: readonly string[],
  count: number,
  topics: readonly string[],
): Promise<readonly Reader[]> => {
  const at = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;
  const readers: Reader[] = [];
  for (let index = 0; index < count; index += 1) {
    const reader = await openReader(at(origins, index), {
      topic: at(topics, Math.floor(index / origins.length)),
    });
    if (reader.status !== 200) throw new Error(`stream ${index} of ${count} was answered with ${reader.status}`);
    readers.push(reader);
  }
  return readers;
};
