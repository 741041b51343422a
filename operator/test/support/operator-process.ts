import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestCluster } from "./cluster.ts";
import { images } from "./operator.ts";

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

export interface OperatorProcess {
  readonly child: ChildProcess;
  /** Its log so far. */
  log(): string;
  /** Resolves once it has ended. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** A kubeconfig file in `folder` that reaches the API server through a relay's port. */
export const kubeconfigThrough = async (cluster: TestCluster, port: number, folder: string): Promise<string> => {
  const text = await readFile(cluster.controlPlane.kubeconfig, "utf8");
  const file = join(folder, `kubeconfig-${port}`);
  await writeFile(file, text.replaceAll(new URL(cluster.controlPlane.url).host, `127.0.0.1:${port}`));
  return file;
};

/** The operator as a process of its own; with the program of another release, if it is given. */
export const spawnOperator = (
  kubeconfig: string,
  environment: Readonly<Record<string, string>>,
  program = main,
): OperatorProcess => {
  const child = spawn(process.execPath, ["--conditions=revenprox-source", program], {
    env: { ...images, KUBECONFIG: kubeconfig, PORT: "0", LOG_FORMAT: "text", ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout?.on("data", (chunk) => (said += String(chunk)));
  const ended = once(child, "exit");
  return {
    child,
    log: () => said,
    end: async (signal) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill(signal);
      // A stopped process takes a signal other than SIGKILL only when it goes on.
      child.kill("SIGCONT");
      await ended;
    },
  };
};
