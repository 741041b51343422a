import { get, type IncomingMessage } from "node:http";
import { until } from "../../testing/proxy-process.ts";

export interface Received {
  readonly id: string;
  readonly data: string;
}

/** Data of a `revenprox.gap` event. */
export interface Gap {
  readonly topic: string;
  readonly from: string | null;
  readonly to: string;
  readonly reason: string;
}

/** One client on one connection; it never comes back by itself, so that a closed connection shows. */
export interface StreamClient {
  readonly path: string;
  readonly events: readonly Received[];
  readonly gaps: readonly Gap[];
  /** The last id it was told, be it an event's or not. */
  readonly lastId: string;
  /** Why the stream ended; undefined while it is open. */
  readonly ended: string | undefined;
  close(): void;
}

export interface StreamOptions {
  readonly port: number;
  /** `/events/topic?last=5`. */
  readonly path: string;
  readonly lastEventId?: string;
  readonly token?: string;
}

interface Frame {
  readonly id: string | undefined;
  readonly type: string | undefined;
  readonly data: string | undefined;
}

const parseFrame = (text: string): Frame => {
  let id: string | undefined;
  let type: string | undefined;
  const data: string[] = [];
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1).replace(/^ /, "");
    if (name === "id") id = value;
    else if (name === "event") type = value;
    else if (name === "data") data.push(value);
  }
  return { id, type, data: data.length === 0 ? undefined : data.join("\n") };
};

const headersOf = ({ lastEventId, token }: StreamOptions): Record<string, string> => ({
  ...(lastEventId === undefined ? {} : { "Last-Event-ID": lastEventId }),
  ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
});

/** Opens a stream and collects what it is told. */
export const openClient = (options: StreamOptions): StreamClient => {
  const events: Received[] = [];
  const gaps: Gap[] = [];
  let lastId = "";
  let ended: string | undefined;
  let rest = "";

  const take = (frame: Frame): void => {
    if (frame.id !== undefined) lastId = frame.id;
    if (frame.type === "revenprox.gap" && frame.data !== undefined) gaps.push(JSON.parse(frame.data) as Gap);
    else if (frame.type?.startsWith("revenprox.") === true) ended ??= `${frame.type} ${frame.data}`;
    else if (frame.data !== undefined) events.push({ id: frame.id ?? "", data: frame.data });
  };
  const read = (response: IncomingMessage): void => {
    if (response.statusCode !== 200) ended ??= `status ${response.statusCode}`;
    response.setEncoding("utf8").on("data", (text: string) => {
      const frames = (rest + text).split("\n\n");
      rest = frames.pop() ?? "";
      for (const frame of frames) take(parseFrame(frame));
    });
    response.on("close", () => {
      ended ??= "the connection was closed";
    });
    response.on("error", (error) => {
      ended ??= error.message;
    });
  };
  const request = get(
    { host: "127.0.0.1", port: options.port, path: options.path, headers: headersOf(options), agent: false },
    read,
  );
  request.on("error", (error) => {
    ended ??= error.message;
  });
  return {
    path: options.path,
    events,
    gaps,
    get lastId() {
      return lastId;
    },
    get ended() {
      return ended;
    },
    close: () => {
      ended ??= "closed by the test";
      request.destroy();
    },
  };
};

/** Opens a stream and waits until it has its place. */
export const openPlaced = async (options: StreamOptions): Promise<StreamClient> => {
  const client = openClient(options);
  await until(`a place in ${options.path}`, () => {
    if (client.ended !== undefined) throw new Error(`${options.path}: ${client.ended}`);
    return client.lastId === "" ? undefined : true;
  });
  return client;
};
