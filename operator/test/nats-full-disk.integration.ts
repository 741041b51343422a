import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { natsServer, type SmallDisk, smallDisk } from "@revenprox/cluster";
import { afterEach, expect, test } from "vitest";
import { askNats } from "../src/kube/nats-monitor.ts";
import { hasWriteFailure } from "../src/nats/nats-server.ts";
import { HEAL_AFTER_MS, type NatsPod, nextNatsRestart } from "../src/nats/next-restart.ts";
import { natsReady } from "../src/status/nats-ready.ts";
import { situationOf } from "../src/status/situation.ts";
import { settledInput } from "../src/testing/live.ts";
import { eventually } from "./support/cluster.ts";
import { makeJournal, type NatsNode, natsNodes, probePaths, store } from "./support/nats-nodes.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Servers that each have a disk of 32 MB. */
const onSmallDisks = async (count: 1 | 3, spec: unknown) => {
  const disks: SmallDisk[] = [];
  const place = async (index: number) => {
    const folder = await mkdtemp(join(tmpdir(), "revenprox-disk-"));
    cleanups.push(() => rm(folder, { recursive: true, force: true }));
    const disk = await smallDisk(folder, 32);
    cleanups.push(() => disk.dispose());
    disks[index] = disk;
    return { program: await disk.wrap(await natsServer()), store: join(disk.path, "store") };
  };
  const servers = await natsNodes({ count, spec, place });
  cleanups.push(() => servers.dispose());
  await Promise.all(servers.nodes.map((node) => node.start()));
  for (const node of servers.nodes)
    await eventually(`${node.name} is well`, async () => (await node.probe("/healthz")) === 200, 60);
  const connection = await servers.connect();
  cleanups.push(() => connection.close());
  await makeJournal(connection, count);
  await eventually("events are stored", () => store(connection, 1_000), 60);
  return { disks, nodes: servers.nodes, connection };
};

const verdict = async (spec: unknown, nodes: readonly NatsNode[]) => {
  const natsServers = await Promise.all(nodes.map(({ address, name }) => askNats(address, name)));
  return natsReady(situationOf({ ...settledInput(spec), natsServers }));
};

/** A server as the operator finds its pod after a while. */
const asPod = async ({ name, address }: NatsNode): Promise<NatsPod> => {
  const server = await askNats(address, name);
  const failingMs = hasWriteFailure(server) ? HEAL_AFTER_MS : 0;
  return { name, uid: name, revision: "r", ready: true, leaving: false, server, failingMs };
};

test("one server whose disk was full is told, and restarted by its liveness probe: then it stores again", async () => {
  const paths = probePaths({});
  const { disks, nodes, connection } = await onSmallDisks(1, {});
  const [node] = nodes;
  if (node === undefined) throw new Error("no server");
  expect(await verdict({}, nodes)).toMatchObject({ status: "True", reason: "Ready" });
  await disks[0]?.fill();
  await eventually("nothing is stored any more", async () => !(await store(connection, 100_000)), 60);
  expect(await node.probe(paths.liveness)).toBe(503);
  // The past is still read.
  expect(await node.probe(paths.readiness)).toBe(200);
  const told = await verdict({}, nodes);
  expect(told).toMatchObject({ status: "False", reason: "StorageFailed" });
  expect(told.message).toContain("no space left on device");

  await disks[0]?.free();
  expect(await store(connection, 1_000)).toBe(false);
  await node.end();
  await node.start();
  await eventually("events are stored again", () => store(connection, 1_000), 60);
  expect(await node.probe(paths.liveness)).toBe(200);
  expect(await verdict({}, nodes)).toMatchObject({ status: "True", reason: "Ready" });
}, 240_000);

test("of three, the one whose disk is full is restarted, not those that catch up", async () => {
  const spec = { nats: { managed: { replicas: 3 } } };
  const paths = probePaths(spec);
  const { disks, nodes, connection } = await onSmallDisks(3, spec);
  const [full, behind] = nodes;
  if (full === undefined || behind === undefined) throw new Error("no servers");

  await behind.kill();
  for (let event = 0; event < 50; event += 1)
    await eventually("events are stored by two of three", () => store(connection, 100_000), 60);
  await behind.start();
  // 500 before it takes clients; the kubelet asks only after the startup probe.
  await eventually("it takes clients", async () => (await behind.probe(paths.liveness)) === 200, 60);
  const seen = new Set<number>();
  await eventually(
    "it has caught up",
    async () => {
      seen.add(await behind.probe(paths.liveness));
      return (await behind.probe(paths.startup)) === 200;
    },
    60,
  );
  expect([...seen]).toEqual([200]);

  await disks[0]?.fill();
  const writesFail = async () => {
    await store(connection, 10_000);
    // With its disk full it may answer nobody for a while.
    const server = await askNats(full.address, full.name).catch(() => undefined);
    return server !== undefined && server.fault !== undefined;
  };
  await eventually("the full one has noticed", writesFail, 90);
  // Which of its files finds the disk full first decides whether JetStream goes off there, or its copy of the stream.
  const off = (await full.probe(paths.liveness)) === 503;
  expect(await full.probe(paths.readiness)).toBe(off ? 503 : 200);
  await eventually("the others go on", () => store(connection, 1_000), 60);
  await eventually("both are current", async () => (await verdict(spec, nodes)).status === "True", 60);
  expect(await verdict(spec, nodes)).toMatchObject({ status: "True", reason: "Degraded" });

  await disks[0]?.free();
  // Off, its liveness probe has it started again; else the operator has.
  const wanted = off ? { kind: "settled" } : { kind: "restart", pod: { name: full.name } };
  const workload = { replicas: 3, updateRevision: "r", persistent: true };
  const next = async () => nextNatsRestart(workload, await Promise.all(nodes.map(asPod)));
  await eventually("that is decided", async () => (await next()).kind === wanted.kind, 60);
  expect(await next()).toMatchObject(wanted);
  await full.kill();
  await full.start();
  await eventually("it is one of three again", async () => (await full.probe(paths.startup)) === 200, 90);
}, 300_000);
