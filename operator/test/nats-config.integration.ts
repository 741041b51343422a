import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { natsServer } from "@revenprox/cluster";
import { afterEach, expect, test, vi } from "vitest";
import { natsCertificates } from "../src/certificates/nats-certificates.ts";
import { instanceOf } from "../src/desired/instance.ts";
import { natsMounts } from "../src/desired/mounts.ts";
import { natsConfigText } from "../src/desired/nats-config.ts";
import { natsDnsNames } from "../src/desired/nats-dns-names.ts";
import { everythingSet, inputOf, resourceOf } from "../src/testing/resource.ts";
import { freePort } from "./support/free-port.ts";

/** Values that nats-server would take for a number, a size, a fault or a comment, were they not quoted. */
const passwords = { proxy: "12345", publisher: "-10k#x", admin: "9e3_true" };

const environment = {
  POD_NAME: "web-nats-0",
  NATS_PROXY_PASSWORD: `"${passwords.proxy}"`,
  NATS_PUBLISHER_PASSWORD: `"${passwords.publisher}"`,
  NATS_ADMIN_PASSWORD: `"${passwords.admin}"`,
};

const routesTo = (ports: readonly number[]): Record<string, string> =>
  Object.fromEntries(
    ports.map((port, index) => [`NATS_ROUTE_${index}`, `"nats-route://admin:${passwords.admin}@127.0.0.1:${port}"`]),
  );

const configOf = (spec: unknown): string => {
  const instance = instanceOf(inputOf(spec));
  if (instance.nats.kind === "external") throw new Error("this test is about a managed NATS");
  return natsConfigText(instance, instance.nats);
};

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const scratch = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "nats-config-"));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
};

const { managed } = everythingSet.nats;
/** Of servers with TLS: nats-tls.integration.ts. */
const withoutTls = { ...everythingSet, nats: { managed: { ...managed, tls: { enabled: false } } } };

test.each([
  ["one server", {}],
  ["three servers", withoutTls],
  ["three servers with TLS", everythingSet],
])("nats-server takes the configuration of %s", async (_, spec) => {
  const folder = await scratch();
  const file = join(folder, "nats.conf");
  const dnsNames = natsDnsNames(resourceOf(spec));
  const none = { authority: undefined, server: undefined };
  const { server } = natsCertificates(none, { now: new Date(), name: "web-nats", dnsNames });
  for (const [name, value] of Object.entries(server.entries)) await writeFile(join(folder, name), value);
  await writeFile(file, configOf(spec).replaceAll(natsMounts.tls, folder));
  const { stderr } = await promisify(execFile)(await natsServer(), ["-t", "-c", file], {
    env: { ...environment, ...routesTo([1, 2, 3]) },
  });
  expect(stderr).toContain("is valid");
});

/** The server's answer to a login and a publish. */
const login = async (port: number, user: string, pass: string, subject: string): Promise<string> => {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  const text = `CONNECT ${JSON.stringify({ user, pass, verbose: false, pedantic: false })}\r\nPUB ${subject} 2\r\nhi\r\nPING\r\n`;
  socket.write(text);
  let answer = "";
  for await (const chunk of socket) {
    answer += String(chunk);
    if (/PONG|Authorization/.test(answer)) break;
  }
  socket.destroy();
  return answer.replace(/^INFO .*\r\n/, "").trim();
};

interface Server {
  readonly process: ChildProcess;
  readonly port: number;
  readonly monitor: number;
}

interface Start {
  readonly name: string;
  readonly text: string;
  /** Ports for the peers of all servers; the first is this server's own. */
  readonly routes?: readonly number[];
}

/** Starts a server, with the addresses and the folder of a pod replaced by those of this machine. */
const startServer = async ({ name, text, routes = [] }: Start): Promise<Server> => {
  const [folder, port, monitor] = await Promise.all([scratch(), freePort(), freePort()]);
  const local = text
    .replace("0.0.0.0:4222", `127.0.0.1:${port}`)
    .replace("0.0.0.0:8222", `127.0.0.1:${monitor}`)
    .replace("0.0.0.0:6222", `127.0.0.1:${routes[0]}`)
    .replace('"/data"', JSON.stringify(folder));
  await writeFile(join(folder, "nats.conf"), local);
  const server = spawn(await natsServer(), ["-c", join(folder, "nats.conf")], {
    env: { ...environment, ...routesTo(routes), POD_NAME: name },
  });
  cleanups.push(async () => {
    if (server.exitCode !== null) return;
    server.kill("SIGKILL");
    await once(server, "exit");
  });
  let log = "";
  await new Promise<void>((resolve, reject) => {
    server.on("exit", () => reject(new Error(`nats-server ended: ${log}`)));
    // Read to the end: a server whose log nobody reads is ended by the signal of a broken pipe.
    server.stderr.on("data", (chunk) => {
      log += String(chunk);
      if (log.includes("Server is ready") || log.includes("Listening for route connections")) resolve();
    });
  });
  return { process: server, port, monitor };
};

test("users log in with passwords of any shape, and may publish only what they should", async () => {
  const { port } = await startServer({ name: "web-nats-0", text: configOf({}) });
  const [into, out] = ["revenprox.apps_web.in.0123", "revenprox.apps_web.out.0123"];
  expect(await login(port, "proxy", passwords.proxy, into)).toBe("PONG");
  expect(await login(port, "proxy", passwords.proxy, out)).toMatch(/Permissions Violation/);
  expect(await login(port, "publisher", passwords.publisher, into)).toBe("PONG");
  expect(await login(port, "publisher", passwords.publisher, "revenprox.apps_other.in.0123")).toMatch(/Permissions/);
  const epoch = "revenprox.apps_web.in._epoch";
  expect(await login(port, "proxy", passwords.proxy, epoch)).toBe("PONG");
  expect(await login(port, "publisher", passwords.publisher, epoch)).toMatch(/Permissions Violation/);
  expect(await login(port, "admin", passwords.admin, out)).toBe("PONG");
  expect(await login(port, "proxy", "wrong", into)).toMatch(/Authorization Violation/);
});

const healthy = async (server: Server, query = ""): Promise<void> =>
  vi.waitFor(async () => expect((await fetch(`http://127.0.0.1:${server.monitor}/healthz${query}`)).status).toBe(200), {
    timeout: 30_000,
    interval: 100,
  });

test("three servers form one cluster, and one of them leaves in lame duck mode", async () => {
  const text = configOf(withoutTls);
  const [a, b, c] = await Promise.all([freePort(), freePort(), freePort()]);
  const servers = await Promise.all([
    startServer({ name: "web-nats-0", text, routes: [a, b, c] }),
    startServer({ name: "web-nats-1", text, routes: [b, c, a] }),
    startServer({ name: "web-nats-2", text, routes: [c, a, b] }),
  ]);
  await Promise.all(servers.map((server) => healthy(server)));
  const [first, ...others] = servers;
  if (first === undefined) throw new Error("no server");

  const client = connect(first.port, "127.0.0.1");
  client.write(`CONNECT ${JSON.stringify({ user: "admin", pass: passwords.admin, protocol: 1 })}\r\nPING\r\n`);
  let told = "";
  client.on("data", (chunk) => {
    told += String(chunk);
  });
  await vi.waitFor(() => expect(told).toContain("PONG"), { timeout: 5_000 });

  await promisify(execFile)(await natsServer(), ["--signal", `ldm=${first.process.pid}`]);
  await vi.waitFor(() => expect(told).toContain('"ldm":true'), { timeout: 5_000 });
  const sent = Date.now();
  // What the kubelet does once preStop has returned: it must not cut the lame duck mode short.
  first.process.kill("SIGTERM");
  const [code] = await once(first.process, "exit");
  client.destroy();
  expect(code).toBe(0);
  expect(Date.now() - sent).toBeGreaterThan(1_000);
  await Promise.all(others.map((server) => healthy(server, "?js-enabled-only=true")));
});
