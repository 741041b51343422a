import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { natsServer } from "@revenprox/cluster";
import { journalStream } from "@revenprox/contract/nats-subjects";
import { freePort } from "../../../src/mesh/testing/free-port.ts";
import { type NatsProcess, startNats } from "../../../src/mesh/testing/nats-process.ts";
import { until } from "../../testing/proxy-process.ts";
import { type Relay, startRelay } from "./relay.ts";
import type { Scene } from "./scene.ts";

export interface NatsNode {
  readonly name: string;
  readonly process: NatsProcess;
  /** Cuts the node off from the other nodes and them from it; its clients keep their connections. */
  isolate(): void;
  rejoin(): void;
}

export interface NatsCluster {
  readonly nodes: readonly NatsNode[];
  readonly urls: readonly string[];
  /** The node that leads the instance's journal now. */
  leader(instance: string): Promise<NatsNode>;
  stepDown(instance: string): Promise<void>;
}

const size = 3;

/** Nobody listens there, so no node finds another one by hearsay, past its relay. */
const nowhere = "127.0.0.1:1";

const configOf = (name: string, port: number, routes: readonly Relay[]): string =>
  [
    `server_name: ${name}`,
    `cluster { name: fault, listen: "127.0.0.1:${port}", advertise: "${nowhere}", no_advertise: true, pool_size: -1`,
    `  routes: [${routes.map((relay) => `"nats-route://127.0.0.1:${relay.port}"`).join(", ")}] }`,
  ].join("\n");

/** Asks the servers one after the other, for one of them may be down or cut off. */
const ask = async <Answer>(
  nodes: readonly NatsNode[],
  question: (manager: JetStreamManager) => Promise<Answer>,
): Promise<Answer | undefined> => {
  for (const { process } of nodes) {
    try {
      const connection = await connect({ servers: process.url, timeout: 1_000, reconnect: false });
      try {
        return await question(await jetstreamManager(connection, { checkAPI: false, timeout: 2_000 }));
      } finally {
        await connection.close();
      }
    } catch (fault) {
      // The next one may answer; `until` tells when none does in time.
      if (!(fault instanceof Error)) throw fault;
    }
  }
  return undefined;
};

/** Three nodes whose routes go through relays, one for each node and each other node that it dials. */
export const startCluster = async (scene: Scene): Promise<NatsCluster> => {
  const program = await natsServer();
  const ports = await Promise.all(Array.from({ length: size }, freePort));
  const relays = await Promise.all(
    ports.map((_, from) => Promise.all(ports.map((port, to) => (from === to ? undefined : startRelay(port))))),
  );
  scene.onEnd(() => Promise.all(relays.flat().map((relay) => relay?.close())));
  const touching = (index: number): readonly Relay[] =>
    relays
      .flatMap((row, from) => row.map((relay, to) => (from === index || to === index ? relay : undefined)))
      .filter((relay) => relay !== undefined);
  const nodes = await Promise.all(
    ports.map(async (port, index): Promise<NatsNode> => {
      const name = `n${index + 1}`;
      const routes = (relays[index] ?? []).filter((relay) => relay !== undefined);
      const process = await startNats({ program, config: configOf(name, port, routes) });
      scene.onEnd(() => process.dispose());
      return {
        name,
        process,
        isolate: () => {
          for (const relay of touching(index)) relay.cut();
        },
        rejoin: () => {
          for (const relay of touching(index)) relay.pass();
        },
      };
    }),
  );
  const leader: NatsCluster["leader"] = (instance) =>
    until("a leader of the journal", async () => {
      const info = await ask(nodes, (manager) => manager.streams.info(journalStream(instance)));
      return nodes.find(({ name }) => name === info?.cluster?.leader);
    });
  await until("the nodes to form a cluster", () =>
    ask(nodes, async (manager) => (await manager.getAccountInfo()) && true),
  );
  return {
    nodes,
    urls: nodes.map(({ process }) => process.url),
    leader,
    stepDown: async (instance) => {
      const { process } = await leader(instance);
      const connection = await connect({ servers: process.url });
      await connection.request(`$JS.API.STREAM.LEADER.STEPDOWN.${journalStream(instance)}`, "", { timeout: 5_000 });
      await connection.close();
    },
  };
};
