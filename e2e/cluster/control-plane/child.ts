import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";

export type Child = {
  /** One line on how it ended, with the end of its log; undefined while it runs. */
  failure(): string | undefined;
  /** Sends a signal that does not end it; nothing happens when it has ended. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void;
  /** Sends the signal and resolves when it has ended. */
  end(signal: NodeJS.Signals): Promise<void>;
};

/** Starts a program that the kernel kills when this process ends, however that happens. Its output goes to `logFile`. */
export function startChild(program: string, args: readonly string[], logFile: string): Child {
  const log = openSync(logFile, "a");
  const child = spawn("setpriv", ["--pdeathsig", "KILL", program, ...args], { stdio: ["ignore", log, log] });
  closeSync(log);
  let spawnError: Error | undefined;
  child.on("error", (error) => {
    spawnError = error;
  });
  return {
    failure: () => describeEnd(program, child, spawnError, logFile),
    signal: (signal) => void child.kill(signal),
    end: (signal) => endChild(child, signal),
  };
}

function describeEnd(
  program: string,
  child: ChildProcess,
  spawnError: Error | undefined,
  logFile: string,
): string | undefined {
  if (spawnError !== undefined) return `${program} could not be started: ${spawnError.message}`;
  if (child.exitCode === null && child.signalCode === null) return undefined;
  const logged = readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-15).join("\n");
  return `${program} ended (${child.signalCode ?? `code ${child.exitCode}`}); the end of ${logFile}:\n${logged}`;
}

function endChild(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill(signal);
  });
}
