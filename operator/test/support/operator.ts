import { composeOperator } from "../../src/compose.ts";
import { createKubeClient, type KubeClient, loadKubeConfig } from "../../src/kube/client.ts";
import { systemScheduler } from "../../src/kube/scheduler.ts";
import type { Scheduler } from "../../src/kube/work-queue.ts";
import { readSettings } from "../../src/settings.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { listen } from "../../src/telemetry/server.ts";
import { eventually, type TestCluster } from "./cluster.ts";

export const images = { PROXY_IMAGE: "localhost/revenprox-proxy:test", NATS_IMAGE: "localhost/nats-server:test" };

export interface RunningOperator {
  /** Log lines so far. */
  readonly lines: readonly string[];
  /** Value of one of its metrics, all labels added up. */
  metric(name: string): Promise<number>;
  get(path: string): Promise<{ readonly status: number; readonly body: string }>;
  stop(): Promise<void>;
}

export interface OperatorOptions {
  /** Default: one with all rights. */
  readonly kubeconfig?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Stands between the operator and the API server. */
  readonly through?: (client: KubeClient) => KubeClient;
  readonly stuckAfterMs?: number;
  /** For the dates of certificates. */
  readonly clock?: () => Date;
  /** How many times faster its clock runs: pauses, and what it calls old, are that much shorter. */
  readonly speed?: number;
}

const faster = (speed: number): Scheduler => ({
  ...systemScheduler,
  now: () => systemScheduler.now() * speed,
  after: (ms, run) => systemScheduler.after(ms / speed, run),
});

/** The operator in this process, against the test cluster; looks for the monitoring CRDs often. */
export const startOperator = async (
  cluster: TestCluster,
  {
    kubeconfig = cluster.controlPlane.kubeconfig,
    environment = {},
    through,
    stuckAfterMs,
    clock,
    speed = 1,
  }: OperatorOptions = {},
): Promise<RunningOperator> => {
  const lines: string[] = [];
  const log = createLog({ level: "debug", format: "text", destination: { write: (line) => void lines.push(line) } });
  const direct = createKubeClient(loadKubeConfig(kubeconfig));
  const operator = composeOperator(readSettings({ ...images, ...environment }), {
    client: through?.(direct) ?? direct,
    ...(stuckAfterMs === undefined ? {} : { stuckAfterMs }),
    ...(clock === undefined ? {} : { clock }),
    scheduler: faster(speed),
    log,
    version: "0.0.0-test",
    identity: "test",
    discoveryIntervals: { missing: 300, complete: 300 },
    schemaIntervalMs: 1_000,
  });
  const port = await listen(operator.server, 0);
  await operator.start();
  const get = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    return { status: answer.status, body: await answer.text() };
  };
  const stop = async () => {
    operator.server.close();
    await operator.stop();
  };
  try {
    await eventually("the operator is ready", async () => (await get("/readyz")).status === 200);
  } catch (error) {
    await stop();
    throw new Error(`the operator is not ready; its last words: ${lines.slice(-3).join("")}`, { cause: error });
  }
  return { lines, get, metric: async (name) => sumOf((await get("/metrics")).body, name), stop };
};

/** An operator for as long as `work` runs. */
export const withOperator = async (
  cluster: TestCluster,
  options: OperatorOptions,
  work: (operator: RunningOperator) => Promise<void>,
): Promise<void> => {
  const operator = await startOperator(cluster, options);
  try {
    await work(operator);
  } finally {
    await operator.stop();
  }
};

const sumOf = (text: string, name: string): number =>
  text
    .split("\n")
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
