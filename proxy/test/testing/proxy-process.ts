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
  deadlineMs = 60_000,
): Promise<T> => {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`waited ${deadlineMs} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

const anyAddresses: Environment = {
  REVENPROX_HTTP__BIND_ADDRESS: "127.0.0.1:0",
  REVENPROX_MANAGEMENT__BIND_ADDRESS: "127.0.0.1:0",
};

const start = (args: readonly string[], environment: Environment, program: string = main) => {
  const conditions = program === main ? ["--conditions=revenprox-source"] : [];
  const child = spawn(process.execPath, [...conditions, "--disable-warning=ExperimentalWarning", program, ...args], {
    env: { PATH: process.env["PATH"] ?? "", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const exited = once(child, "close").then(([code]: (number | null)[]) => code ?? null);
  return { child, output: () => output, exited };
};

/** The program on free ports of 127.0.0.1, from its first moment on. */
export const runningProxy = (args: readonly string[]) => start(args, anyAddresses);

/** Runs the program to its end. */
export const runProxy = async (args: readonly string[], environment: Environment = {}) => {
  const { output, exited } = start(args, environment);
  return { code: await exited, output: output() };
};

/** A machine that does much else at once starts a process slowly. */
const startDeadlineMs = 60_000;

/** Starts a proxy on free ports of 127.0.0.1 and waits until it serves; `program` is another build's main.js. */
export const startProxyProcess = async (
  environment: Environment = {},
  args: readonly string[] = [],
  program?: string,
): Promise<ProxyProcess> => {
  const { child, output, exited } = start(args, { ...anyAddresses, ...environment }, program);
  const portIn = (what: string): number | undefined => {
    const found = new RegExp(`${what} server started on [^\\s"]+:(\\d+)`).exec(output())?.[1];
    if (found === undefined && child.exitCode !== null) throw new Error(`the proxy ended:\n${output()}`);
    return found === undefined ? undefined : Number(found);
  };
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await exited;
  };
  try {
    const managementPort = await until("the management port", () => portIn("Management"), startDeadlineMs);
    const port = await until("the data port", () => portIn("HTTP"), startDeadlineMs);
    return { child, port, managementPort, output, exited, stop };
  } catch (fault) {
    await stop();
    throw fault;
  }
};
