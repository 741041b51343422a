import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { natsServer } from "@revenprox/cluster";
import { desired } from "../../src/desired/index.ts";
import { instanceOf } from "../../src/desired/instance.ts";
import { natsConfigText } from "../../src/desired/nats-config.ts";
import { inputOf } from "../../src/testing/resource.ts";
import { eventually, untilTaken } from "./cluster.ts";

const password = "a-password";

/** The configuration file that the operator writes for this spec. */
export const natsConfigOf = (spec: unknown): string => {
  const instance = instanceOf(inputOf(spec));
  if (instance.nats.kind === "external") throw new Error("this is about a managed NATS");
  return natsConfigText(instance, instance.nats);
};

/** Paths of the probes that the operator gives to the NATS pods of this spec. */
export const probePaths = (spec: unknown) => {
  const statefulSet = desired(inputOf(spec)).find(({ kind }) => kind === "StatefulSet");
  if (statefulSet === undefined) throw new Error("there is no StatefulSet");
  const { template } = statefulSet["spec"] as {
    template: { spec: { containers: readonly Record<string, { httpGet: { path: string } }>[] } };
  };
  const path = (probe: string): string => template.spec.containers[0]?.[probe]?.httpGet.path ?? "";
  return { startup: path("startupProbe"), liveness: path("livenessProbe"), readiness: path("readinessProbe") };
};

/** A real nats-server in the place of a pod: its ports are those of the pod, its address one of this machine's own. */
export interface NatsNode {
  readonly name: string;
  readonly address: string;
  /** Starts it; its store is the one of before. Resolves once it takes clients. */
  start(): Promise<void>;
  /** As the kubelet does it: the preStop command, then SIGTERM; resolves when it has ended. */
  end(): Promise<void>;
  kill(): Promise<void>;
  running(): boolean;
  /** Status of an HTTP GET at the monitoring port; 0 when nothing answers. */
  probe(path: string): Promise<number>;
}

export interface NatsNodes {
  readonly nodes: readonly NatsNode[];
  /** A client with all rights. */
  connect(): Promise<NatsConnection>;
  dispose(): Promise<void>;
}

export interface NatsNodesOptions {
  readonly count: 1 | 3;
  readonly spec: unknown;
  /** The program and the folder of the store for the server of this index; else nats-server and a new folder. */
  readonly place?: (index: number) => Promise<{ readonly program: string; readonly store: string }>;
}

const quoted = (value: string): string => `"${value}"`;

/** Any address of 127.0.0.0/8 is this machine's: so the servers of two tests at once never meet. */
const addresses = (count: number): readonly string[] => {
  const net = `127.${randomInt(1, 250)}.${randomInt(1, 250)}`;
  return Array.from({ length: count }, (_, index) => `${net}.${index + 1}`);
};

/** Servers with the configuration that the operator writes, none of them started yet. */
export const natsNodes = async ({ count, spec, place }: NatsNodesOptions): Promise<NatsNodes> => {
  const folder = await mkdtemp(join(tmpdir(), "revenprox-nats-nodes-"));
  const all = addresses(count);
  const routes = Object.fromEntries(
    all.map((address, index) => [`NATS_ROUTE_${index}`, quoted(`nats-route://admin:${password}@${address}:6222`)]),
  );
  const text = natsConfigOf(spec);
  const nodes = await Promise.all(
    all.map(async (address, index) => {
      const { program, store } = (await place?.(index)) ?? {
        program: await natsServer(),
        store: join(folder, `store-${index}`),
      };
      const name = `web-nats-${index}`;
      const config = join(folder, `${name}.conf`);
      await writeFile(config, text.replaceAll("0.0.0.0", address).replace('"/data"', JSON.stringify(store)));
      return node({ name, address, program, config, environment: { ...routes, POD_NAME: name } });
    }),
  );
  return {
    nodes,
    connect: () =>
      connect({ servers: [...all], user: "admin", pass: password, maxReconnectAttempts: -1, reconnectTimeWait: 100 }),
    dispose: async () => {
      await Promise.all(nodes.map((each) => each.kill()));
      await rm(folder, { recursive: true, force: true });
    },
  };
};

interface NodePlace {
  readonly name: string;
  readonly address: string;
  readonly program: string;
  readonly config: string;
  readonly environment: Readonly<Record<string, string>>;
}

const passwords = Object.fromEntries(
  ["PROXY", "PUBLISHER", "ADMIN"].map((user) => [`NATS_${user}_PASSWORD`, quoted(password)]),
);

const node = ({ name, address, program, config, environment }: NodePlace): NatsNode => {
  let child: ChildProcess | undefined;
  const running = (): boolean => child !== undefined && child.exitCode === null && child.signalCode === null;
  const signal = async (which: NodeJS.Signals): Promise<void> => {
    if (child === undefined || !running()) return;
    const ended = once(child, "exit");
    child.kill(which);
    await ended;
  };
  const probe = async (path: string): Promise<number> => {
    try {
      return (await fetch(`http://${address}:8222${path}`, { signal: AbortSignal.timeout(5_000) })).status;
    } catch {
      // Nothing listens, or it does not answer: that is what is asked here.
      return 0;
    }
  };
  return {
    name,
    address,
    running,
    probe,
    start: async () => {
      // A log that nobody reads would end the server by a broken pipe.
      child = spawn(program, ["-c", config], {
        env: { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", ...passwords, ...environment },
        stdio: "ignore",
      });
      await eventually(`${name} listens`, async () => (await probe("/varz")) === 200, 60);
    },
    end: async () => {
      if (child?.pid !== undefined && running())
        await promisify(execFile)(await natsServer(), ["--signal", `ldm=${child.pid}`]);
      await signal("SIGTERM");
    },
    kill: () => signal("SIGKILL"),
  };
};

/** The journal as proxies make it, as far as the servers' health depends on it. */
export const makeJournal = async (connection: NatsConnection, replicas: number): Promise<void> => {
  const manager = await jetstreamManager(connection, { timeout: 10_000 });
  const config = {
    name: "J",
    subjects: ["revenprox.>"],
    storage: "file",
    num_replicas: replicas,
    max_bytes: 100_000_000,
  } as const;
  await untilTaken("the journal is made", () => manager.streams.add({ ...config, subjects: [...config.subjects] }));
};

/** Stores one event; false when it is not acknowledged in time. */
export const store = async (connection: NatsConnection, bytes: number): Promise<boolean> => {
  try {
    await jetstream(connection, { timeout: 2_000 }).publish("revenprox.x", Buffer.alloc(bytes), { retries: 0 });
    return true;
  } catch {
    // Any refusal is a "no" here.
    return false;
  }
};
