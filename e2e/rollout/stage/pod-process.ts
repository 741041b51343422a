import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Kube } from "./kube.ts";
import { argumentsOf, layOutFiles } from "./pod-files.ts";
import type { PodJson } from "./pod-json.ts";

const proxyMain = fileURLToPath(new URL("../../../proxy/src/main.ts", import.meta.url));

/** A proxy that runs as the one container of a pod. */
export interface PodProcess {
  readonly pod: PodJson;
  readonly address: string;
  ready: boolean;
  leaving: boolean;
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  /** When it ended, in milliseconds since 1970; undefined while it runs. */
  endedAt: number | undefined;
  output(): string;
}

const isReady = async (address: string): Promise<boolean> => {
  try {
    return (await fetch(`http://${address}:9090/readyz`, { signal: AbortSignal.timeout(2_000) })).status === 200;
  } catch (error) {
    // Not listening yet, or no more.
    if (error instanceof Error) return false;
    throw error;
  }
};

export const startPodProcess = async (
  kube: Kube,
  pod: PodJson,
  place: { readonly address: string; readonly folder: string },
): Promise<PodProcess> => {
  const folder = join(place.folder, pod.metadata.name);
  await layOutFiles(kube, pod, folder);
  const args = ["--conditions=revenprox-source", "--disable-warning=ExperimentalWarning", proxyMain];
  const child = spawn(process.execPath, [...args, ...argumentsOf(pod, folder)], {
    env: {
      PATH: process.env["PATH"] ?? "",
      REVENPROX_PROXY_ID: pod.metadata.name,
      REVENPROX_HTTP__BIND_ADDRESS: `${place.address}:8080`,
      REVENPROX_MANAGEMENT__BIND_ADDRESS: `${place.address}:9090`,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-20_000);
    });
  const exited = once(child, "close").then(([code]: (number | null)[]) => code ?? null);
  return {
    pod,
    address: place.address,
    ready: false,
    leaving: false,
    endedAt: undefined,
    child,
    exited,
    output: () => output,
  };
};

const statusPath = ({ metadata: { namespace, name } }: PodJson): string =>
  `/api/v1/namespaces/${namespace}/pods/${name}/status`;

const containerStatus = (ready: boolean, state: object) => ({
  name: "proxy",
  image: "localhost/proxy:test",
  imageID: "",
  ready,
  restartCount: 0,
  state,
});

/** Looks at its readiness, as the probe of the container does, and says so when it has changed. */
export const probe = async (kube: Kube, running: PodProcess): Promise<void> => {
  const ready = await isReady(running.address);
  if (ready === running.ready || running.leaving) return;
  running.ready = ready;
  const now = new Date().toISOString();
  const status = ready ? "True" : "False";
  const conditions = ["Initialized", "ContainersReady", "Ready", "PodScheduled"].map((type) => ({
    type,
    status: /Ready/.test(type) ? status : "True",
    lastTransitionTime: now,
  }));
  await kube("PATCH", statusPath(running.pod), {
    status: {
      phase: "Running",
      podIP: running.address,
      podIPs: [{ ip: running.address }],
      startTime: now,
      conditions,
      containerStatuses: [containerStatus(ready, { running: { startedAt: now } })],
    },
  });
};

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Ends a pod that is deleted as the kubelet does: its hook, SIGTERM, the grace period, what it ended with, and away. */
export const endPodProcess = async (kube: Kube, running: PodProcess, folder: string): Promise<void> => {
  const { pod, child, exited } = running;
  const hookMs = pod.spec.containers[0].lifecycle.preStop.sleep.seconds * 1_000;
  await wait(hookMs);
  child.kill("SIGTERM");
  const graceMs = pod.spec.terminationGracePeriodSeconds * 1_000 - hookMs;
  const kill = setTimeout(() => child.kill("SIGKILL"), graceMs);
  const exitCode = (await exited) ?? 137;
  running.endedAt = Date.now();
  clearTimeout(kill);
  const terminated = { exitCode, finishedAt: new Date().toISOString(), startedAt: new Date().toISOString() };
  await kube("PATCH", statusPath(pod), {
    status: {
      phase: exitCode === 0 ? "Succeeded" : "Failed",
      containerStatuses: [containerStatus(false, { terminated })],
    },
  });
  await kube("DELETE", `/api/v1/namespaces/${pod.metadata.namespace}/pods/${pod.metadata.name}`, {
    gracePeriodSeconds: 0,
    preconditions: { uid: pod.metadata.uid },
  });
  await rm(join(folder, pod.metadata.name), { recursive: true, force: true });
};
