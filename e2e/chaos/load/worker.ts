import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A process that makes load and tells figures once a second. */
export interface Worker<Order, Word> {
  tell(order: Order): void;
  /** The newest word of this kind; undefined when there was none yet. */
  readonly latest: Word | undefined;
  /** Resolves when it has ended by itself; rejects when it failed. */
  readonly ended: Promise<void>;
  kill(): void;
}

/** Starts `file` beside this one with `setup` as its first order; it ends when this process does. */
export const startWorker = <Order, Word>(file: string, setup: unknown, logFile: string): Worker<Order, Word> => {
  const log = openSync(logFile, "a");
  const program = fileURLToPath(new URL(file, import.meta.url));
  const node = [process.execPath, "--conditions=revenprox-source", "--disable-warning=ExperimentalWarning", program];
  const child: ChildProcess = spawn("setpriv", ["--pdeathsig", "KILL", "--", ...node], {
    stdio: ["ignore", log, log, "ipc"],
    env: { PATH: process.env["PATH"] ?? "" },
  });
  closeSync(log);
  let latest: Word | undefined;
  child.on("message", (word) => {
    latest = word as Word;
  });
  child.send({ setup });
  const ended = once(child, "exit").then(([code]) => {
    if (code !== 0) throw new Error(`${file} ended with code ${code}; see ${logFile}`);
  });
  // It is looked at later; until then a failure must not end the run before its clean-up.
  ended.catch(() => undefined);
  return {
    tell: (order) => {
      if (child.connected) child.send(order as object);
    },
    get latest() {
      return latest;
    },
    ended,
    kill: () => void child.kill("SIGKILL"),
  };
};
