import { get, type IncomingMessage } from "node:http";

/** One stream of a topic, for as long as the server keeps it. */
export interface Stream {
  /** Resolves when it has ended, for whatever reason. */
  readonly ended: Promise<void>;
  close(): void;
}

/** What a client keeps between two streams. */
export interface Reader {
  /** Data of the events so far, in order. */
  readonly data: string[];
  /** What it sends to go on where it was. */
  lastEventId: string | undefined;
}

const CONNECT_TIMEOUT_MS = 5_000;

/** Takes one block of https://html.spec.whatwg.org/multipage/server-sent-events.html; control events are no data. */
const takeBlock = (reader: Reader, block: string): void => {
  const fields = block.split("\n").map((line) => /^([^:]*):? ?(.*)$/.exec(line)?.slice(1) ?? []);
  const valuesOf = (name: string) => fields.flatMap(([field, value = ""]) => (field === name ? [value] : []));
  reader.lastEventId = valuesOf("id").at(-1) ?? reader.lastEventId;
  const data = valuesOf("data");
  if (data.length === 0) return;
  const event = valuesOf("event").at(-1) ?? "";
  reader.data.push(event === "" ? data.join("\n") : `${event}: ${data.join("\n")}`);
};

const follow = (reader: Reader, response: IncomingMessage): Stream => {
  let rest = "";
  response.setEncoding("utf8").on("data", (text: string) => {
    const blocks = (rest + text).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) takeBlock(reader, block);
  });
  const ended = new Promise<void>((resolve) => {
    response.on("close", resolve).on("error", () => resolve());
  });
  return { ended, close: () => response.destroy() };
};

/** Opens `url` where `reader` is; rejects when the answer is not 200 or does not come. */
export const openStream = (url: string, reader: Reader): Promise<Stream> =>
  new Promise((resolve, reject) => {
    const resume = reader.lastEventId === undefined ? {} : { "last-event-id": reader.lastEventId };
    const options = { headers: { accept: "text/event-stream", ...resume }, agent: false, timeout: CONNECT_TIMEOUT_MS };
    const request = get(url, options, (response) => {
      request.setTimeout(0);
      if (response.statusCode === 200) resolve(follow(reader, response));
      else {
        response.resume();
        reject(new Error(`GET ${url} answered ${response.statusCode}`));
      }
    });
    request.on("timeout", () => request.destroy(new Error(`GET ${url}: no answer in ${CONNECT_TIMEOUT_MS} ms`)));
    request.on("error", reject);
  });
