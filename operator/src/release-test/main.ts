import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { createKubeClient, loadKubeConfig } from "../kube/client.ts";
import { testInstance } from "./instance.ts";
import { releaseStory } from "./story.ts";

const options = {
  namespace: { type: "string" },
  name: { type: "string" },
  "ready-url": { type: "string" },
  "timeout-seconds": { type: "string", default: "240" },
} as const;

const usage =
  "usage: release-test/main.js --namespace NAMESPACE --name REVENPROX --ready-url URL [--timeout-seconds N]";

/** The program of `helm test`: prints a line for each thing that is proven, ends with 0 when all are. */
const main = async (): Promise<void> => {
  const { values } = parseArgs({ options });
  const { namespace, name, "ready-url": readyUrl, "timeout-seconds": timeout } = values;
  const timeoutMs = Number(timeout) * 1_000;
  if (namespace === undefined || name === undefined || readyUrl === undefined || !(timeoutMs > 0))
    throw new Error(usage);
  const client = createKubeClient(loadKubeConfig(), "helm test");
  try {
    await releaseStory({
      instance: testInstance(client, namespace, name),
      readyUrl,
      say: (line) => process.stdout.write(`${line}\n`),
      now: () => performance.now(),
      pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      deadline: performance.now() + timeoutMs,
      runId: randomUUID(),
    });
  } finally {
    client.close();
  }
};

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
