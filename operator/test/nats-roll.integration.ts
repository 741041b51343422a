import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually, revenprox, startTestCluster, type TestCluster, untilTaken } from "./support/cluster.ts";
import { makeJournal, type NatsNodes, natsNodes } from "./support/nats-nodes.ts";
import { type RunningOperator, startOperator } from "./support/operator.ts";
import { type PlayedNats, playNats, settledNats } from "./support/played-nats.ts";

const spec = (image: string) => ({ nats: { managed: { replicas: 3, image } } });

let cluster: TestCluster;
let operator: RunningOperator;
let servers: NatsNodes;
let played: PlayedNats;
let connection: NatsConnection;

beforeEach(async () => {
  cluster = await startTestCluster();
  servers = await natsNodes({ count: 3, spec: spec("localhost/nats:1") });
  operator = await startOperator(cluster);
  await cluster.kubectlApply(revenprox("web", spec("localhost/nats:1")));
  played = playNats(cluster, "web", servers.nodes);
  await settledNats(played, 3);
  connection = await servers.connect();
  await makeJournal(connection, 3);
}, 180_000);

afterEach(async () => {
  await connection?.close();
  await played?.stop();
  await operator?.stop();
  await servers?.dispose();
  await cluster?.stop();
});

/** Publishes until told to stop, each event again until it is acknowledged; answers how many there were. */
const publishing = () => {
  const js = jetstream(connection, { timeout: 3_000 });
  let on = true;
  const run = async (): Promise<number> => {
    let stored = 0;
    while (on) {
      const msgID = `event ${stored}`;
      await untilTaken("an event is stored", () => js.publish("revenprox.x", msgID, { msgID, retries: 0 }));
      stored += 1;
    }
    return stored;
  };
  const running = run();
  return async (): Promise<number> => {
    on = false;
    return running;
  };
};

test("a new image of three NATS servers goes from one to the next only while the others hold the journal", async () => {
  const stop = publishing();
  await cluster.kubectlApply(revenprox("web", spec("localhost/nats:2")));
  await eventually("the first server goes", async () => played.departures.length > 0, 60);
  await settledNats(played, 3, 240);
  const stored = await stop();
  expect(new Set(played.departures.map(({ pod }) => pod)).size).toBe(3);
  for (const departure of played.departures)
    expect(departure).toMatchObject({ image: "localhost/nats:1", others: [200, 200] });
  const manager = await jetstreamManager(connection);
  expect((await manager.streams.info("J")).state.messages).toBe(stored);
}, 400_000);

test("no server is taken while another one is down, but the one that is down", async () => {
  const [victim] = servers.nodes;
  if (victim === undefined) throw new Error("no server");
  // Nobody starts it again as long as it has its pod.
  await victim.kill();
  await eventually("it is not ready", async () => Object.keys(await played.ready()).length === 2, 60);
  await cluster.kubectlApply(revenprox("web", spec("localhost/nats:2")));
  await settledNats(played, 3, 240);
  expect(played.departures[0]?.pod).toBe(victim.name);
  for (const { others } of played.departures.slice(1)) expect(others).toEqual([200, 200]);
}, 400_000);
