import { startBuiltIn } from "../environment/built-in-cluster.ts";
import { existingCluster } from "../environment/existing-cluster.ts";
import { monitoringCrds } from "../environment/monitoring-crds.ts";
import type { Platform } from "../environment/platform.ts";
import { type DemoArguments, parseDemoArguments, usage } from "./arguments.ts";
import { type RunningDemo, runMainJob, topic } from "./main-job.ts";
import { step, tell } from "./step.ts";

const introduction = `RevenProx: a Kubernetes cluster of its own, the operator, two proxies, one event.
The first run builds Kubernetes and three images from source: about 15 minutes on 2 cores, plus downloads.
After that it takes about a minute.
`;

const startedBuiltIn = async (): Promise<Platform> => {
  const platform = await step("the images and the cluster", () => startBuiltIn(tell));
  await step("the CRDs of Prometheus Operator, which a cluster with monitoring has", async () => {
    await platform.kubectl(["apply", "--server-side", "--filename", "-"], await monitoringCrds());
  });
  return platform;
};

const started = ({ existing }: DemoArguments): Promise<Platform> =>
  existing === undefined ? startedBuiltIn() : existingCluster(existing.context, existing.images);

const invitation = ({ publishKey, origins }: RunningDemo): string => `
It runs. In one terminal listen on pod B:
    curl -N ${origins[1]}/events/${topic}
in another publish on pod A:
    curl -X POST ${origins[0]}/events/${topic} -H 'Authorization: Bearer ${publishKey}' -d 'Hello'
and see ${origins[0]}/health and ${origins[0]}/metrics.
Ctrl-C takes everything down again.
`;

const takeDown = async (platform: Platform, { existing }: DemoArguments): Promise<void> => {
  if (existing === undefined) await step("taking the cluster down", () => platform.down());
};

/** Resolves at the first signal. Further ones are ignored: they would end the demo before the cluster is down. */
const interruption = (): Promise<"interrupted"> =>
  new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => resolve("interrupted"));
  });

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const readArguments = (): DemoArguments => {
  try {
    return parseDemoArguments(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${textOf(error)}\n\n${usage}`);
    process.exit(2);
  }
};

const main = async (): Promise<void> => {
  const demo = readArguments();
  process.stdout.write(introduction);
  const start = Date.now();
  const interrupted = interruption();
  const platform = await started(demo);
  try {
    const running = await Promise.race([runMainJob(platform), interrupted]);
    if (running === "interrupted") throw new Error("Interrupted before the end of the main job.");
    process.stdout.write(`The main job took ${((Date.now() - start) / 1000).toFixed(0)} s in all.\n`);
    if (!demo.once) {
      process.stdout.write(invitation(running));
      await interrupted;
    }
  } finally {
    await takeDown(platform, demo);
  }
};

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${textOf(error)}\n`);
    process.exit(1);
  },
);
