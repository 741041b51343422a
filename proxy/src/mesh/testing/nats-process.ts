import { type ChildProcess, spawn } from "node:child_process";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";

export interface NatsProcessOptions {
  /** Path of the nats-server program. */
  readonly program: string;
  /** False: a server without JetStream. */
  readonly jetstream?: boolean;
  /** Lines of its JetStream block, such as how much it may store. */
  readonly jetstreamLines?: string;
  /** Lines added to the server's configuration, such as users and their permissions. */
  readonly config?: string;
}

export interface NatsProcess {
  readonly url: string;
  readonly port: number;
  /** The log so far. */
  log(): string;
  /** Ends the server in an orderly way; its store stays. */
  stop(): Promise<void>;
  /** Ends it like a crash. */
  kill(): Promise<void>;
  /** Lets it do nothing, with its connections up, until `thaw`. */
  freeze(): void;
  thaw(): void;
  /** Starts it again on the same port, with the same store; other lines of configuration may be given. */
  restart(config?: string, jetstreamLines?: string): Promise<void>;
  /** Has the running server read other lines of configuration; resolves when it has taken them. */
  reload(config: string): Promise<void>;
  /** Throws away all that is stored; only while the server is down. */
  wipe(): Promise<void>;
  /** Copies the store aside, and back over the present one; only while the server is down. */
  saveStore(): Promise<void>;
  restoreStore(): Promise<void>;
  /** Ends the server and removes its folder. */
  dispose(): Promise<void>;
}

const startTimeoutMs = 20_000;

/** A real nats-server on a free port of 127.0.0.1, with a store in a folder of its own. */
export const startNats = async (options: NatsProcessOptions): Promise<NatsProcess> => {
  const folder = await mkdtemp(join(tmpdir(), "revenprox-nats-"));
  const store = join(folder, "store");
  const saved = join(folder, "saved");
  const configFile = join(folder, "nats.conf");
  const port = await freePort();
  let child: ChildProcess | undefined;
  let log = "";
  let jetstreamLines = options.jetstreamLines ?? "";

  const writeConfig = (config: string): Promise<void> => {
    const jetstream =
      options.jetstream === false ? "" : `jetstream {\n store_dir: ${JSON.stringify(store)}\n ${jetstreamLines}\n}\n`;
    return writeFile(configFile, `host: 127.0.0.1\nport: ${port}\n${jetstream}${config}\n`);
  };

  const run = async (config: string): Promise<void> => {
    await writeConfig(config);
    const server = spawn(options.program, ["-c", configFile], { stdio: ["ignore", "ignore", "pipe"] });
    server.stderr.setEncoding("utf8").on("data", (text: string) => {
      log += text;
    });
    child = server;
    await listening(port, server, () => log);
  };

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const server = child;
    child = undefined;
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const gone = new Promise((resolve) => server.once("exit", resolve));
    server.kill(signal);
    await gone;
  };

  await run(options.config ?? "");
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    log: () => log,
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
    freeze: () => void child?.kill("SIGSTOP"),
    thaw: () => void child?.kill("SIGCONT"),
    restart: async (config, lines) => {
      jetstreamLines = lines ?? jetstreamLines;
      await end("SIGTERM");
      await run(config ?? options.config ?? "");
    },
    reload: async (config) => {
      await writeConfig(config);
      const said = log.length;
      child?.kill("SIGHUP");
      await eventually(`nats-server to take its new configuration:\n${log.slice(said)}`, () =>
        log.slice(said).includes("Reloaded server configuration"),
      );
    },
    wipe: () => rm(store, { recursive: true, force: true }),
    saveStore: () => replaceFolder(store, saved),
    restoreStore: () => replaceFolder(saved, store),
    dispose: async () => {
      await end("SIGKILL");
      await rm(folder, { recursive: true, force: true });
    },
  };
};

const replaceFolder = async (from: string, to: string): Promise<void> => {
  await rm(to, { recursive: true, force: true });
  await cp(from, to, { recursive: true });
};

/** Resolves with the first word of the server, which it says when it is ready for clients. */
const greets = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1")
      .once("data", () => resolve(true))
      .once("error", () => resolve(false))
      .once("close", () => resolve(false));
    socket.once("data", () => socket.destroy());
  });

const listening = async (port: number, server: ChildProcess, log: () => string): Promise<void> => {
  const deadline = Date.now() + startTimeoutMs;
  while (Date.now() < deadline && server.exitCode === null) {
    if (await greets(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`nats-server did not start on port ${port}; its log:\n${log()}`);
};
