import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { helm as helmProgram, kubernetes } from "@revenprox/cluster";
import type { ImageNames, Platform, Reach } from "./platform.ts";
import { runCommand } from "./run-command.ts";

const forwardedPort = (kubectl: string, args: readonly string[]): Promise<Reach> =>
  new Promise((resolve, reject) => {
    const child = spawn(kubectl, args, { stdio: ["ignore", "pipe", "inherit"] });
    const exited = once(child, "exit");
    child.on("error", reject);
    exited.then(() => reject(new Error(`kubectl ${args.join(" ")} ended before it forwarded`)));
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const port = /127\.0\.0\.1:(\d+)/.exec(text)?.[1];
      if (port === undefined) return;
      const close = async (): Promise<void> => {
        child.kill();
        await exited;
      };
      resolve({ origin: `http://127.0.0.1:${port}`, close });
    });
  });

/** The cluster that `context` of the user's kubeconfig names. Nothing is started or ended. */
export const existingCluster = async (context: string, images: ImageNames): Promise<Platform> => {
  const kubectl = join(await kubernetes(), "kubectl");
  const helm = await helmProgram();
  return {
    description: `cluster of context ${context}`,
    images,
    kubectl: (args, input) => runCommand(kubectl, ["--context", context, ...args], input),
    helm: (args) => runCommand(helm, ["--kube-context", context, ...args]),
    reach: (namespace, pod, port) =>
      forwardedPort(kubectl, [
        "--context",
        context,
        "--namespace",
        namespace,
        "port-forward",
        `pod/${pod}`,
        `:${port}`,
      ]),
    down: async () => undefined,
  };
};
