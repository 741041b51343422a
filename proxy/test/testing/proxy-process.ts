import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** A proxy in a process of its own. */
export interface ProxyProcess {
  readonly child: ChildProcess;
  /** Port of the data plane. */
  readonly port: number;
  readonly managementPort: number;
  /** Everything it has written so far. */
  output(): string;
  /** Resolves with the exit code; null when a signal ended it. */
  readonly exited: Promise<number | null>;
  stop(): Promise<void>;
}

export type Environment = Readonly<Record<string, string>>;

/** Polls until `probe` gives something; the deadline is in milliseconds. */
export const until = async <T>(
  what: string,
  probe: () => T | undefined | Promise<T | undefined>,
  deadlineMs = 15_000,
): Promise<T> => {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`waited ${deadlineMs} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

const start = (args: readonly string[], environment: Environment) => {
  const child = spawn(
    process.execPath,
    ["--conditions=revenprox-source", "--disable-warning=ExperimentalWarning", main, ...args],
    {
      env: { PATH: process.env["PATH"] ?? "", ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const exited = once(child, "close").then(([code]: (number | null)[]) => code ?? null);
  return { child, output: () => output, exited };
};

/** Runs the program to its end. */
export const runProxy = async (args: readonly string[], environment: Environment = {}) => {
  const { output, exited } = start(args, environment);
  return { code: await exited, output: output() };
};

/** Starts a proxy on free ports of 127.0.0.1 and waits until it serves. */
export const startProxyProcess = async (
  environment: Environment = {},
  args: readonly string[] = [],
): Promise<ProxyProcess> => {
  const { child, output, exited } = start(args, {
    REVENPROX_HTTP__BIND_ADDRESS: "127.0.0.1:0",
    REVENPROX_MANAGEMENT__BIND_ADDRESS: "127.0.0.1:0",
    ...environment,
  });
  const portIn = (what: string): number | undefined => {
    const found = new RegExp(`${what} server started on [^\\s"]+:(\\d+)`).exec(output())?.[1];
    if (found === undefined && child.exitCode !== null) throw new Error(`the proxy ended:\n${output()}`);
    return found === undefined ? undefined : Number(found);
  };
  const managementPort = await until("the management port", () => portIn("Management"));
  const port = await until("the data port", () => portIn("HTTP"));
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await exited;
  };
  return { child, port, managementPort, output, exited, stop };
};
