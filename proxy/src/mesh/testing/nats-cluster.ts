import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";
import { type NatsProcess, startNats } from "./nats-process.ts";

export interface NatsCluster {
  /** Addresses of all servers. */
  readonly urls: readonly string[];
  readonly servers: readonly NatsProcess[];
  /** A client with all rights. */
  readonly admin: NatsConnection;
  readonly manager: JetStreamManager;
  /** The server that leads the stream. */
  leaderOf(stream: string): Promise<NatsProcess>;
  /** Has the stream's leader give up its place; resolves when another one has taken it. */
  stepDown(stream: string): Promise<void>;
  dispose(): Promise<void>;
}

const formTimeoutMs = 60_000;

const attempts = 3;

/** A port for the routes that was free may be taken a moment later: then all is tried again with others. */
const startServers = async (program: string): Promise<NatsProcess[]> => {
  for (let left = attempts; ; left -= 1) {
    const routes = await Promise.all([freePort(), freePort(), freePort()]);
    const config = (index: number): string =>
      [
        `server_name: n${index}`,
        "cluster {",
        "  name: test",
        `  listen: "127.0.0.1:${routes[index]}"`,
        `  routes: [${routes.map((port) => `"nats://127.0.0.1:${port}"`).join(", ")}]`,
        "}",
      ].join("\n");
    const started = await Promise.allSettled(routes.map((_, index) => startNats({ program, config: config(index) })));
    const servers = started.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    if (servers.length === routes.length) return servers;
    await Promise.all(servers.map((server) => server.dispose()));
    const failed = started.find((each) => each.status === "rejected");
    if (left <= 1) throw new Error("no NATS cluster could be started", { cause: failed?.reason });
  }
};

/** Three real nats-servers that form one JetStream cluster on 127.0.0.1. */
export const startNatsCluster = async (program: string): Promise<NatsCluster> => {
  const servers = await startServers(program);
  const urls = servers.map(({ url }) => url);
  const admin = await connect({ servers: urls, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
  const manager = await eventually(
    "the cluster has a leader",
    async () => {
      try {
        const made = await jetstreamManager(admin, { timeout: 5_000 });
        await made.getAccountInfo();
        return made;
      } catch {
        // No leader yet.
        return undefined;
      }
    },
    formTimeoutMs,
  );
  const leaderName = async (stream: string): Promise<string | undefined> => {
    try {
      return (await manager.streams.info(stream)).cluster?.leader;
    } catch {
      // Nobody leads it for the moment.
      return undefined;
    }
  };
  return {
    urls,
    servers,
    admin,
    manager,
    leaderOf: async (stream) => {
      const name = await eventually("the stream has a leader", () => leaderName(stream), formTimeoutMs);
      const server = servers[Number(name.slice(1))];
      if (server === undefined) throw new Error(`no server ${name}`);
      return server;
    },
    stepDown: async (stream) => {
      const before = await eventually("the stream has a leader", () => leaderName(stream), formTimeoutMs);
      await admin.request(`$JS.API.STREAM.LEADER.STEPDOWN.${stream}`, "", { timeout: 10_000 });
      await eventually(
        "another leader",
        async () => {
          const now = await leaderName(stream);
          return now !== undefined && now !== before;
        },
        formTimeoutMs,
      );
    },
    dispose: async () => {
      await admin.close();
      await Promise.all(servers.map((server) => server.dispose()));
    },
  };
};
