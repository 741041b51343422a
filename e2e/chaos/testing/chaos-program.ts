import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../main.ts", import.meta.url));

export interface ChaosProgram {
  readonly child: ChildProcess;
  /** Everything it has written so far. */
  output(): string;
  /** Resolves with the exit code; null when a signal ended it. */
  readonly exited: Promise<number | null>;
}

/** Starts the runner as `npm run test:cluster` does, with these words. */
export const startChaosProgram = (...words: readonly string[]): ChaosProgram => {
  const args = ["--conditions=revenprox-source", "--disable-warning=ExperimentalWarning", program, ...words];
  // The same faults each time, so that a failure can be looked into; `npm run test:cluster` draws others.
  const env = { ...process.env, REVENPROX_CHAOS_SEED: process.env["REVENPROX_CHAOS_SEED"] ?? "8" };
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], env });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  const exited = new Promise<number | null>((resolve) => child.once("close", resolve));
  return { child, output: () => output, exited };
};
