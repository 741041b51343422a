import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect as connectPlain } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  authorityDays,
  natsCertificates,
  type PresentSecrets,
  serverDays,
} from "../src/certificates/nats-certificates.ts";
import type { Entries } from "../src/certificates/read-certificates.ts";
import { natsDnsNames } from "../src/desired/nats-dns-names.ts";
import { resourceOf } from "../src/testing/resource.ts";
import { eventually } from "./support/cluster.ts";
import { makeJournal, store } from "./support/nats-nodes.ts";
import { password, type TlsServer, type TlsServers, tlsServers } from "./support/tls-servers.ts";

const spec = { nats: { managed: { replicas: 3, tls: { enabled: true } } } };
const dayMs = 86_400_000;

interface Secrets {
  readonly authority: Entries;
  readonly server: Entries;
}

/** The operator's Secrets as they are after a look so many days from now. */
const secretsOn = (day: number, present: PresentSecrets = { authority: undefined, server: undefined }): Secrets => {
  const wish = { now: new Date(Date.now() + day * dayMs), name: "web-nats", dnsNames: natsDnsNames(resourceOf(spec)) };
  const { authority, server } = natsCertificates(present, wish);
  return { authority: authority.entries, server: server.entries };
};

let nats: TlsServers;
let folder: string;
let connections: NatsConnection[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "revenprox-nats-tls-test-"));
  nats = await tlsServers(spec, 3);
  connections = [];
});

afterEach(async () => {
  await Promise.all(connections.map((each) => each.close()));
  await nats?.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** The file that a proxy's volume holds; the kubelet changes it under the running proxy. */
const trust = async ({ "ca.crt": bundle = "" }: Entries): Promise<string> => {
  const file = join(folder, "ca.crt");
  await writeFile(file, bundle);
  return file;
};

/** As proxies connect, with the admin's rights. */
const client = async (caFile: string | undefined, scheme = "tls"): Promise<NatsConnection> => {
  const connection = await connect({
    servers: nats.servers.map((server) => `${scheme}://localhost:${server.client}`),
    user: "admin",
    pass: password,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
    timeout: 10_000,
    ...(scheme === "tls" ? { tls: caFile === undefined ? {} : { caFile } } : {}),
  });
  connections.push(connection);
  return connection;
};

const allJoined = (servers: readonly TlsServer[]) =>
  eventually(
    "the servers form one cluster, every copy current",
    async () => {
      const seen = await Promise.all(servers.map(async (server) => [await server.peers(), await server.health()]));
      return seen.every(([peers, health]) => peers === 2 && health === 200);
    },
    90,
  ).catch((error: unknown) => {
    throw new Error(servers.map((server) => server.log().split("\n").slice(-12).join("\n")).join("\n---\n"), {
      cause: error,
    });
  });

test("three servers form one cluster by TLS, and take no client without it", async () => {
  const { server } = secretsOn(0);
  await Promise.all(nats.servers.map((each) => each.start(server)));
  await allJoined(nats.servers);
  const proxy = await client(await trust(server));
  await makeJournal(proxy, 3);
  expect(await store(proxy, 100)).toBe(true);

  // Without TLS, and with TLS for which only the public authorities, or another CA, may vouch.
  await expect(client(undefined, "nats")).rejects.toThrow();
  await expect(client(undefined)).rejects.toThrow();
  await expect(client(await trust(secretsOn(0).server))).rejects.toThrow();

  const [first] = nats.servers;
  if (first === undefined) throw new Error("no server");
  const said = await plainText(first.client);
  expect(said).toMatch(/"tls_required":true/);
  expect(said).not.toContain("PONG");
  expect(await plainText(first.route)).not.toContain("INFO");
  // A peer has to show a certificate of the CA, not only know the password.
  expect(await routeWithout(first.route, server)).toMatch(/certificate required|bad certificate|ECONNRESET|closed/i);
}, 240_000);

/** What a server says to somebody who sends a password in plain text; ends with the connection. */
const plainText = async (port: number): Promise<string> => {
  const socket = connectPlain(port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(`CONNECT ${JSON.stringify({ user: "admin", pass: password, verbose: false })}\r\nPING\r\n`);
  let said = "";
  socket.on("data", (chunk) => {
    said += String(chunk);
  });
  // Its "close" follows, and what it said until then counts.
  socket.on("error", () => undefined);
  await once(socket, "close");
  return said;
};

/** Why a TLS client without a certificate cannot speak at a port for routes. */
const routeWithout = (port: number, { "ca.crt": ca = "" }: Entries): Promise<string> =>
  new Promise((resolve) => {
    const socket = connectTls({ port, host: "127.0.0.1", servername: "localhost", ca });
    socket.on("data", (chunk) => resolve(`it said ${String(chunk)}`));
    socket.on("error", ({ message }) => resolve(message));
    socket.on("close", () => resolve("closed"));
  });

test("while certificates and CA are renewed, one server after the other, no one is cut off", async () => {
  // Begun so long ago that what each step makes is good today.
  const announcedOn = -245;
  const first = secretsOn(announcedOn - (authorityDays - 2 * serverDays));
  const almost = secretsOn(announcedOn - 50, first);
  const announced = secretsOn(announcedOn, almost);
  expect(announced.authority).not.toBe(almost.authority);
  const used = secretsOn(0, announced);
  expect(used.server["tls.crt"]).not.toBe(announced.server["tls.crt"]);
  await Promise.all(nats.servers.map((each) => each.start(almost.server)));
  await allJoined(nats.servers);
  const proxy = await client(await trust(almost.server));
  await makeJournal(proxy, 3);
  let stored = 0;
  for (const { server } of [announced, used]) {
    for (const each of nats.servers) {
      await each.start(server);
      await allJoined(nats.servers);
      expect(await eventually("an event is stored", () => store(proxy, 10), 30)).toBe(true);
      stored += 1;
    }
    await trust(server);
    const newcomer = await client(join(folder, "ca.crt"));
    expect(await store(newcomer, 10)).toBe(true);
  }
  expect(stored).toBe(6);
}, 400_000);
