import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { identify, signalProcess } from "./host/process-table.ts";
import { down, type OwnedCluster, status, up } from "./index.ts";
import { NODE_ADDRESS } from "./node/layout.ts";
import { machineSnapshot } from "./testing/machine-snapshot.ts";
import { twoPodsAndAVolume } from "./testing/workload.ts";

const state = mkdtempSync(join(tmpdir(), "revenprox-e2e-"));
process.env["REVENPROX_STATE"] = state;

afterAll(() => rmSync(state, { recursive: true, force: true }));

/** Starts `main.ts up`, and kills it without warning as soon as `reached` says so. */
async function killUp(reached: () => boolean): Promise<void> {
  const runner = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), "up"], { stdio: "ignore" });
  while (!reached()) {
    if (runner.exitCode !== null) throw new Error(`main.ts up ended with ${runner.exitCode} before it was killed`);
    await delay(5);
  }
  runner.kill("SIGKILL");
  await once(runner, "exit");
}

const hasStarted = (daemon: string) => () => existsSync(join(state, "processes", `${daemon}.json`));

describe("a cluster that is up", () => {
  let cluster: OwnedCluster;
  let before: Awaited<ReturnType<typeof machineSnapshot>>;

  beforeAll(async () => {
    if ((await status()).kind === "broken") await down();
    before = await machineSnapshot(state);
    cluster = await up();
  });

  test("runs a Deployment with two pods and binds a volume to the pod that wants it", async () => {
    await cluster.kubectl(["apply", "-f", "-"], { input: JSON.stringify(twoPodsAndAVolume) });
    await cluster.kubectl(["rollout", "status", "deployment/web", "--timeout=30s"]);
    await cluster.kubectl(["wait", "--for=condition=Ready", "pod/keeper", "--timeout=30s"]);
    expect(await cluster.kubectl(["get", "pvc", "data", "-o", "jsonpath={.status.phase}"])).toBe("Bound");
    expect(readdirSync(join(state, "volumes"))).toHaveLength(1);
    await cluster.kubectl(["delete", "pod/keeper", "pvc/data", "--grace-period=1"]);
    await expect.poll(() => readdirSync(join(state, "volumes")), { timeout: 10_000 }).toEqual([]);
    await expect.poll(() => cluster.kubectl(["get", "pv", "-o", "name"]), { timeout: 10_000 }).toBe("");
  });

  test("knows its Services by name, and at once that others do not exist", async () => {
    const address = await cluster.kubectl(["get", "service", "web", "-o", "jsonpath={.spec.clusterIP}"]);
    const ask = `const { Resolver } = require("node:dns/promises");
      const resolver = new Resolver({ timeout: 2000 });
      resolver.setServers(["${NODE_ADDRESS}"]);
      const of = (name) => resolver.resolve4(name).catch((error) => error.code);
      Promise.all(["web.default.svc.cluster.local", "example.invalid"].map(of)).then((all) => console.log(all.flat().join(" ")));`;
    const { stdout } = await cluster.exec([process.execPath, "-e", ask]);
    expect(stdout.trim()).toBe(`${address} ENOTFOUND`);
  });

  test("installs a chart by helm", async () => {
    await cluster.exec(["mkdir", "-p", join(state, "chart", "templates")]);
    const files = {
      "Chart.yaml": JSON.stringify({ apiVersion: "v2", name: "one", version: "1.0.0" }),
      "templates/map.yaml": JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "from-chart" } }),
    };
    for (const [name, input] of Object.entries(files)) {
      await cluster.exec(["tee", join(state, "chart", name)], { input });
    }
    await cluster.helm(["install", "one", join(state, "chart"), "--wait"]);
    expect(await cluster.kubectl(["get", "configmap", "from-chart", "-o", "name"])).toBe("configmap/from-chart\n");
  });

  test("forwards a Service, and answers again after kill -9 of the apiserver", async () => {
    const forward = await cluster.forward({ host: "10.96.0.1", port: 443 });
    const readyz = () => cluster.kubectl(["--server", `https://127.0.0.1:${forward.port}`, "get", "--raw", "/readyz"]);
    expect(await readyz()).toBe("ok");
    await cluster.killApiServer();
    await expect(cluster.kubectl(["get", "--raw", "/readyz", "--request-timeout=2s"])).rejects.toThrow();
    await cluster.startApiServer();
    expect(await cluster.kubectl(["get", "nodes", "-o", "name"])).toBe("node/node1\n");
    await expect.poll(readyz, { timeout: 10_000 }).toBe("ok");
    await forward.close();
    await expect(readyz()).rejects.toThrow("refused");
  });

  test("says who holds it to whoever wants another", async () => {
    await expect(up()).rejects.toThrow(`held by process ${process.pid}`);
    await expect(down()).rejects.toThrow(`kill ${process.pid}`);
  });

  test("leaves the machine as it was, images apart", async () => {
    await cluster.down();
    expect(await machineSnapshot(state)).toEqual(before);
    expect(readdirSync(state).sort()).toEqual([".revenprox-cluster", "containerd", "logs"]);
    expect(await status()).toEqual({ kind: "down" });
  });
});

describe("forwarding", () => {
  const INSIDE = 18_080;
  let cluster: OwnedCluster;
  let port: number;
  let server: Promise<unknown>;

  const dial = async (): Promise<Socket> => {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    await once(socket, "connect");
    return socket;
  };
  const ending = (socket: Socket) =>
    new Promise<string>((resolve) => {
      let said = "";
      socket.on("data", (chunk) => {
        said += chunk;
      });
      socket.on("end", () => resolve(`end after "${said}"`));
      socket.on("error", (error: NodeJS.ErrnoException) => resolve(`${error.code}`));
    });

  beforeAll(async () => {
    cluster = await up();
    server = cluster.exec([process.execPath, join(import.meta.dirname, "testing", "probe-server.ts"), String(INSIDE)]);
    ({ port } = await cluster.forward({ host: NODE_ADDRESS, port: INSIDE }));
  });
  afterAll(() => cluster.down());

  test("a half that ended leaves the other half open", async () => {
    const answer = async () => {
      const socket = await dial();
      socket.end("bye");
      return ending(socket);
    };
    // Until the server listens, each dial is refused inside and so reset outside.
    await expect.poll(answer, { timeout: 10_000 }).toBe('end after "you said bye"');
  });

  test("a reset arrives as a reset", async () => {
    const socket = await dial();
    const ended = ending(socket);
    socket.write("reset");
    expect(await ended).toBe("ECONNRESET");
  });

  test("carries 5,000 connections at once, and all end when the server is killed", async () => {
    const sockets = await Promise.all(Array.from({ length: 5000 }, dial));
    const greetings = sockets.map((socket) => once(socket, "data"));
    for (const socket of sockets) socket.write("hello");
    await Promise.all(greetings);
    const endings = sockets.map(ending);
    const messenger = await dial();
    messenger.on("error", () => messenger.destroy()).write("die");
    const seen = new Set(await Promise.all(endings));
    expect([...seen].filter((how) => how !== "ECONNRESET" && how !== 'end after ""')).toEqual([]);
    await server;
    for (const socket of sockets) socket.destroy();
  });
});

describe("after kill -9", () => {
  test.each(["etcd", "kube-apiserver", "kubelet"])(
    "of its starter just after %s, the next up works",
    async (daemon) => {
      const before = await machineSnapshot(state);
      await killUp(hasStarted(daemon));
      expect(await status()).toMatchObject({ kind: "broken" });
      const cluster = await up();
      await cluster.kubectl(["wait", "--for=condition=Ready", "node/node1", "--timeout=10s"]);
      await cluster.down();
      expect(await machineSnapshot(state)).toEqual(before);
    },
  );

  test("of its containerd and its starter, down cleans up, pods and all", async () => {
    const before = await machineSnapshot(state);
    const owner = await up({ detached: true });
    await owner.kubectl(["apply", "-f", "-"], { input: JSON.stringify(twoPodsAndAVolume) });
    await owner.kubectl(["rollout", "status", "deployment/web", "--timeout=30s"]);
    const { stdout } = await owner.exec(["cat", join(state, "processes", "containerd.json")]);
    const containerd = identify((JSON.parse(stdout) as { pid: number }).pid);
    if (containerd !== undefined) signalProcess(containerd, "SIGKILL");
    owner.detach();
    await down({ wipe: true });
    expect(await machineSnapshot(state)).toEqual(before);
    expect(readdirSync(state)).toEqual([".revenprox-cluster"]);
  });
});
