import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { natsServer } from "@revenprox/cluster";
import type { Entries } from "../../src/certificates/read-certificates.ts";
import { eventually } from "./cluster.ts";
import { freePort } from "./free-port.ts";
import { natsConfigOf } from "./nats-nodes.ts";

/** Values as a container gets them: within quotes. */
export const password = "a-password";
const quoted = `"${password}"`;

/**
 * A real nats-server with the configuration of the operator, in the place of a pod. All are reached as `localhost`, by
 * ports of their own, since the names of pods mean nothing here.
 */
export interface TlsServer {
  readonly client: number;
  readonly route: number;
  /** Starts it with these files of its Secret, or again with others; resolves once it takes clients. */
  start(files: Entries): Promise<void>;
  stop(): Promise<void>;
  /** Other servers that it has a route to. */
  peers(): Promise<number>;
  /** Status of `/healthz`: 200 once its copy of every stream is current. */
  health(): Promise<number>;
  log(): string;
}

export interface TlsServers {
  readonly servers: readonly TlsServer[];
  dispose(): Promise<void>;
}

export const tlsServers = async (spec: unknown, count: number): Promise<TlsServers> => {
  const folder = await mkdtemp(join(tmpdir(), "revenprox-nats-tls-"));
  const text = natsConfigOf(spec);
  const routes = await Promise.all(Array.from({ length: count }, freePort));
  const environment = Object.fromEntries([
    ...routes.map((port, index) => [`NATS_ROUTE_${index}`, `"nats-route://admin:${password}@localhost:${port}"`]),
    ...["PROXY", "PUBLISHER", "ADMIN"].map((user) => [`NATS_${user}_PASSWORD`, quoted]),
  ]) as Readonly<Record<string, string>>;
  const servers = await Promise.all(
    routes.map(async (route, index) => {
      const home = join(folder, String(index));
      await mkdir(join(home, "tls"), { recursive: true });
      return tlsServer({ home, route, text, environment: { ...environment, POD_NAME: `web-nats-${index}` } });
    }),
  );
  return {
    servers,
    dispose: async () => {
      await Promise.all(servers.map((server) => server.stop()));
      await rm(folder, { recursive: true, force: true });
    },
  };
};

interface Place {
  readonly home: string;
  readonly route: number;
  readonly text: string;
  readonly environment: Readonly<Record<string, string>>;
}

const tlsServer = async ({ home, route, text, environment }: Place): Promise<TlsServer> => {
  const [client, monitor] = await Promise.all([freePort(), freePort()]);
  const config = join(home, "nats.conf");
  await writeFile(
    config,
    text
      .replace("0.0.0.0:4222", `127.0.0.1:${client}`)
      .replace("0.0.0.0:6222", `127.0.0.1:${route}`)
      .replace("0.0.0.0:8222", `127.0.0.1:${monitor}`)
      .replaceAll("/etc/nats-tls", join(home, "tls"))
      .replace('"/data"', JSON.stringify(join(home, "data"))),
  );
  let child: ChildProcess | undefined;
  let log = "";
  /** What its monitoring answers; undefined where nobody listens or answers in time, which is what is asked here. */
  const get = (path: string) =>
    fetch(`http://127.0.0.1:${monitor}${path}`, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
  const stop = async () => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    const late = setTimeout(() => child?.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(late);
  };
  return {
    client,
    route,
    stop,
    start: async (files) => {
      await stop();
      for (const [name, value] of Object.entries(files)) await writeFile(join(home, "tls", name), value);
      const started = spawn(await natsServer(), ["-c", config], { env: environment });
      // Read to the end: a server whose log nobody reads is ended by the signal of a broken pipe.
      started.stderr.on("data", (chunk) => {
        log += String(chunk);
      });
      child = started;
      await eventually(`server ${client} listens`, async () => (await get("/varz"))?.status === 200, 60).catch(
        (error: unknown) => {
          throw new Error(log, { cause: error });
        },
      );
    },
    peers: async () => {
      const answer = (await (await get("/routez"))?.json()) as
        | { readonly routes?: readonly { readonly remote_name: string }[] }
        | undefined;
      return new Set(answer?.routes?.map((each) => each.remote_name)).size;
    },
    health: async () => (await get("/healthz"))?.status ?? 0,
    log: () => log,
  };
};
