import { get } from "node:http";

/** A client of one topic that moves between proxies with its last id, as an EventSource would. */
export interface RoamingClient {
  readonly topic: string;
  /** Data of all events, in the order in which they came. */
  readonly received: readonly string[];
  /** Names of other events, such as gaps. */
  readonly announced: readonly string[];
  /** Goes on at this port. */
  moveTo(port: number): void;
  close(): void;
}

interface Frame {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
}

const frameOf = (text: string): Frame =>
  Object.fromEntries(
    text
      .split("\n")
      .filter((line) => !line.startsWith(":") && line.includes(": "))
      .map((line) => [line.slice(0, line.indexOf(": ")), line.slice(line.indexOf(": ") + 2)]),
  );

const reconnectMs = 200;

/** Opens a stream on the topic. Frames count whole or not at all, so a cut in the middle of one loses nothing. */
export const roamingClient = (topic: string, firstPort: number): RoamingClient => {
  const received: string[] = [];
  const announced: string[] = [];
  let lastId: string | undefined;
  let port = firstPort;
  let stop: () => void = () => undefined;

  const take = ({ id, event, data }: Frame): void => {
    if (event === undefined && data !== undefined) received.push(data);
    else if (event !== undefined) announced.push(`${event} ${data}`);
    if (id !== undefined) lastId = id;
  };

  const connect = (): void => {
    let rest = "";
    let isCurrent = true;
    let retry: NodeJS.Timeout | undefined;
    const again = (): void => {
      if (isCurrent) retry ??= setTimeout(connect, reconnectMs);
    };
    const headers = lastId === undefined ? {} : { "Last-Event-ID": lastId };
    const request = get({ host: "127.0.0.1", port, path: `/events/${topic}`, headers, agent: false }, (response) => {
      response.setEncoding("utf8").on("data", (text: string) => {
        if (!isCurrent || response.statusCode !== 200) return;
        const frames = (rest + text).split("\n\n");
        rest = frames.pop() ?? "";
        for (const frame of frames) take(frameOf(frame));
      });
      response.on("close", again).on("error", again);
    });
    request.on("error", again);
    stop = () => {
      isCurrent = false;
      clearTimeout(retry);
      request.destroy();
    };
  };

  connect();
  return {
    topic,
    received,
    announced,
    moveTo: (next) => {
      stop();
      port = next;
      connect();
    },
    close: () => stop(),
  };
};
