import { randomUUID } from "node:crypto";
import type { Environment, ProxyProcess } from "../../testing/proxy-process.ts";
import { startProxyProcess } from "../../testing/proxy-process.ts";
import { ready } from "../../testing/with-nats.ts";
import { openPlaced, type StreamClient, type StreamOptions } from "./stream-client.ts";

/** What one test starts; all of it ends with the test. */
export interface Scene {
  /** Instance name of its own, so that tests can share a server. */
  readonly instance: string;
  /** Starts a proxy on these NATS servers and waits until it is ready. */
  proxy(id: string, servers: readonly string[], environment?: Environment): Promise<ProxyProcess>;
  /** The same, without waiting for the journal. */
  unreadyProxy(id: string, servers: readonly string[], environment?: Environment): Promise<ProxyProcess>;
  client(options: StreamOptions): Promise<StreamClient>;
  /** Ended when the test ends, the last one first. */
  onEnd(action: () => unknown): void;
}

/** Bounds so wide that they do not explain a loss, and state messages often enough for a short test. */
const roomy: Environment = {
  REVENPROX_JOURNAL__MAX_EVENTS_PER_TOPIC: "100000",
  REVENPROX_DISTRIBUTED_STATE__GOSSIP_INTERVAL_SEC: "1",
  REVENPROX_LOG_LEVEL: "debug",
  // The text format tells no causes.
  REVENPROX_LOG_FORMAT: "json",
};

/** Runs `play` and ends whatever it started, whatever comes of it. */
export const withScene = async (play: (scene: Scene) => Promise<void>): Promise<void> => {
  const endings: (() => unknown)[] = [];
  const proxies: ProxyProcess[] = [];
  const instance = `fault-${randomUUID().slice(0, 8)}`;
  const unreadyProxy: Scene["unreadyProxy"] = async (id, servers, environment = {}) => {
    const proxy = await startProxyProcess({
      ...roomy,
      REVENPROX_NATS__SERVERS: servers.join(","),
      REVENPROX_NATS__INSTANCE: instance,
      REVENPROX_PROXY_ID: id,
      ...environment,
    });
    proxies.push(proxy);
    endings.push(() => proxy.stop());
    return proxy;
  };
  const scene: Scene = {
    instance,
    unreadyProxy,
    proxy: async (id, servers, environment) => {
      const proxy = await unreadyProxy(id, servers, environment);
      await ready(proxy);
      return proxy;
    },
    client: async (options) => {
      const client = await openPlaced(options);
      endings.push(() => client.close());
      return client;
    },
    onEnd: (action) => void endings.push(action),
  };
  try {
    await play(scene);
  } catch (fault) {
    const logs = proxies.map((proxy) => proxy.output().split("\n").slice(-40).join("\n")).join("\n--\n");
    throw new Error(`${fault instanceof Error ? fault.message : String(fault)}\nlast lines of the proxies:\n${logs}`, {
      cause: fault,
    });
  } finally {
    for (const end of endings.reverse()) await end();
  }
};
