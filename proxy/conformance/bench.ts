import type { ProxyProcess } from "../test/testing/proxy-process.ts";
import { openStream, publish, type RawStream } from "../test/testing/raw-stream.ts";
import type { Engine } from "./engines.ts";
import type { Fleet } from "./fleet.ts";
import type { ChromiumJudge } from "./judges/chromium.ts";
import { type JudgeName, judgeNames, type Listener, type Opening, type Reader, type Received } from "./judges/judge.ts";
import { openRelay, type Relay, type RelayOptions } from "./relay.ts";

export interface Sent {
  readonly data: string;
  readonly event?: string;
  readonly retry?: number;
}

export interface Judges {
  readonly chromium: ChromiumJudge;
  readonly readers: readonly Reader[];
}

/** Everything a case works with; what it opened is closed at its end. */
export interface Bench {
  readonly engine: Engine;
  readonly topic: string;
  readonly path: string;
  readonly chromium: ChromiumJudge;
  readonly fleet: Fleet;
  /** The proxy that cases share: no key, any origin, `retry` and keepalive of one second. */
  readonly proxy: ProxyProcess;
  readonly base: string;
  relay(options?: Partial<RelayOptions>): Promise<Relay>;
  /** Opens a stream in each reader of the case, and waits until all of them are open. */
  openAll(address?: Address): Promise<readonly Opened[]>;
  /** Opens a stream in one reader, without waiting. */
  open(name: JudgeName, url: string, opening?: Opening): Promise<Listener>;
  wire(headers?: Readonly<Record<string, string>>, query?: string): RawStream;
  /** Publishes one event and gives its id. */
  send(event: Sent, port?: number): Promise<string>;
  /** Later cleaned up, last one first. */
  later(cleanUp: () => unknown): void;
}

export interface Address extends Opening {
  /** Base of another server than the shared proxy. */
  readonly base?: string;
}

export interface Opened {
  readonly name: JudgeName;
  readonly listener: Listener;
}

const json = { "content-type": "application/json" };

/** As raw data where there is nothing but data, as JSON else. */
export const send = (port: number, topic: string, { data, event, retry }: Sent): Promise<string> =>
  event === undefined && retry === undefined
    ? publish(port, topic, data, { "content-type": "text/plain" })
    : publish(port, topic, JSON.stringify({ data, event, retry }), json);

/** What a reader must see of a sent event: line ends CRLF, CR and LF are all LF to the standard. */
export const received = ({ data, event }: Sent, id: string): Received => ({
  type: event === undefined || event === "" ? "message" : event,
  data: data.replace(/\r\n?/g, "\n"),
  lastEventId: id,
});

export interface BenchParts {
  readonly engine: Engine;
  readonly topic: string;
  readonly judges: Judges;
  readonly fleet: Fleet;
  readonly wanted: readonly JudgeName[];
}

/** The bench of one case; `clean` must be called at its end, `used` tells which readers had a say. */
export const createBench = async ({ engine, topic, judges, fleet, wanted }: BenchParts) => {
  const cleanUps: (() => unknown)[] = [];
  const later = (cleanUp: () => unknown): void => void cleanUps.push(cleanUp);
  const proxy = await fleet.shared();
  const path = `/events/${topic}`;
  const base = `http://127.0.0.1:${proxy.port}`;
  const used = new Set<JudgeName>();
  const chromium: ChromiumJudge = {
    ...judges.chromium,
    evaluate: (page, expression) => {
      used.add("chromium");
      return judges.chromium.evaluate(page, expression);
    },
  };
  const readersOfCase = judges.readers.filter(({ name }) => wanted.includes(name));

  const open: Bench["open"] = async (name, url, opening) => {
    const reader = judges.readers.find((each) => each.name === name);
    if (reader === undefined) throw new Error(`${name} opens no streams`);
    used.add(name);
    const listener = await reader.open(url, opening);
    later(() => listener.close());
    return listener;
  };
  const openAll: Bench["openAll"] = ({ base: other, ...opening } = {}) =>
    Promise.all(
      readersOfCase.map(async ({ name }) => {
        const listener = await open(name, `${other ?? base}${path}`, opening);
        await listener.changes(1);
        return { name, listener };
      }),
    );
  const bench: Bench = {
    engine,
    topic,
    path,
    chromium,
    fleet,
    proxy,
    base,
    open,
    openAll,
    relay: async (options = {}) => {
      const relay = await openRelay({ target: proxy.port, ...options });
      later(() => relay.close());
      return relay;
    },
    wire: (headers = {}, query = "") => {
      const stream = openStream(proxy.port, `${path}${query}`, headers);
      later(() => stream.close());
      return stream;
    },
    send: (event, port = proxy.port) => send(port, topic, event),
    later,
  };
  const clean = async (): Promise<void> => {
    for (const cleanUp of cleanUps.reverse()) await cleanUp();
  };
  return { bench, clean, used: () => judgeNames.filter((name) => used.has(name)) };
};
