import { natsServer } from "@revenprox/cluster";
import { type NatsProcess, startNats } from "../src/mesh/testing/nats-process.ts";
import { type Environment, type ProxyProcess, startProxyProcess, until } from "../test/testing/proxy-process.ts";
import type { Engine } from "./engines.ts";
import { once } from "./once.ts";

/** The processes that the cases of one engine need, each started when it is first asked for. */
export interface Fleet {
  readonly engine: Engine;
  shared(): Promise<ProxyProcess>;
  /** Only `origin` may read. */
  listed(origin: string): Promise<ProxyProcess>;
  /** Shares a journal with those started in the cluster, and outlives them. */
  survivor(): Promise<ProxyProcess>;
  /** A proxy of its own; with `cluster` it shares a journal with the other such ones. */
  start(environment?: Environment, cluster?: boolean): Promise<ProxyProcess>;
  stop(): Promise<void>;
}

/** Lets so many run at once, so that starting processes do not starve each other. */
const turns = (places: number) => {
  let free = places;
  const waiting: (() => void)[] = [];
  return async <T>(run: () => Promise<T>): Promise<T> => {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    else free -= 1;
    try {
      return await run();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
};

const quick: Environment = { REVENPROX_HTTP__RETRY_MS: "1000", REVENPROX_HTTP__KEEPALIVE_INTERVAL_SEC: "1" };

const isReady = async ({ managementPort }: ProxyProcess): Promise<true | undefined> =>
  (await fetch(`http://127.0.0.1:${managementPort}/readyz`)).status === 200 ? true : undefined;

/** Proxies on one engine, and the NATS server that some of them share. */
export const createFleet = (engine: Engine): Fleet => {
  const proxies: ProxyProcess[] = [];
  let server: NatsProcess | undefined;
  const nats = once(async () => {
    server = await startNats({ program: await natsServer() });
    return server;
  });
  const inTurn = turns(2);
  const start = (environment: Environment = {}, cluster = false) => inTurn(() => startNow(environment, cluster));
  const startNow = async (environment: Environment, cluster: boolean): Promise<ProxyProcess> => {
    const bus: Environment = cluster ? { REVENPROX_NATS__SERVERS: (await nats()).url } : {};
    const proxy = await startProxyProcess({
      REVENPROX_HTTP__ENGINE: engine,
      REVENPROX_PROXY_ID: `${engine}-${proxies.length}`,
      ...quick,
      ...bus,
      ...environment,
    });
    proxies.push(proxy);
    await until("the proxy to be ready", () => isReady(proxy));
    return proxy;
  };
  let listedProxy: Promise<ProxyProcess> | undefined;
  return {
    engine,
    start,
    shared: once(() => start()),
    survivor: once(() => start({}, true)),
    listed: (origin) => {
      listedProxy ??= start({ REVENPROX_HTTP__CORS_ALLOWED_ORIGINS: `https://app.example.com, ${origin}` });
      return listedProxy;
    },
    stop: async () => {
      await Promise.all(proxies.map((proxy) => proxy.stop()));
      await server?.dispose();
    },
  };
};
