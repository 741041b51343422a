import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type ControlPlane, kubernetes, natsServer, startControlPlane } from "@revenprox/cluster";
import { selectorLabels } from "@revenprox/contract/labels";
import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import { eventually } from "../../environment/eventually.ts";
import { type Kube, kubeOf } from "./kube.ts";
import type { Stage } from "./stage.ts";
import { startStandInKubelet } from "./stand-in-kubelet.ts";

const namespace = "default";
const name = "moving";
const at = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("the machine gave no port");
  return address.port;
};

interface Started {
  readonly child: ChildProcess;
  output(): string;
}

const start = (program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Started => {
  const child = spawn("setpriv", ["--pdeathsig", "KILL", program, ...args], {
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-200_000);
    });
  return { child, output: () => output };
};

const end = async ({ child }: Started): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
};

const controllers = async (controlPlane: ControlPlane): Promise<Started> =>
  start(join(await kubernetes(), "kube-controller-manager"), [
    `--kubeconfig=${controlPlane.kubeconfig}`,
    "--leader-elect=false",
    "--secure-port=0",
    "--controllers=deployment-controller,replicaset-controller",
    "--kube-api-qps=200",
    "--kube-api-burst=400",
  ]);

const operator = (controlPlane: ControlPlane): Started =>
  start(process.execPath, ["--conditions=revenprox-source", at("operator/src/main.ts")], {
    KUBECONFIG: controlPlane.kubeconfig,
    PORT: "0",
    LOG_FORMAT: "text",
    PROXY_IMAGE: "localhost/revenprox-proxy:test",
    NATS_IMAGE: "localhost/nats-server:test",
  });

const installCrd = async ({ kubectl, kubeconfig }: ControlPlane): Promise<void> => {
  const run = (...args: string[]) => promisify(execFile)(kubectl, ["--kubeconfig", kubeconfig, ...args]);
  await run("create", "-f", at("crds/revenprox.yaml"));
  await eventually("the CRD", () =>
    run("wait", "--for=condition=Established", "crd/revenproxes.revenprox.io", "--timeout=30s"),
  );
};

const resourcePath = `/apis/revenprox.io/v1alpha1/namespaces/${namespace}/revenproxes`;

const publishKey = (kube: Kube): Promise<string> =>
  eventually("the publish key", async () => {
    const { data } = (await kube("GET", `/api/v1/namespaces/${namespace}/secrets/${name}-publish-key`)) as {
      data: { default: string };
    };
    return Buffer.from(data.default, "base64").toString("utf8");
  });

/**
 * A real API server with the real Deployment and ReplicaSet controllers, the operator, NATS, and proxies as processes of
 * this machine: all that moves streams, and no container.
 */
export const startMachineStage = async (spec: object): Promise<Stage> => {
  const folder = await mkdtemp(join(tmpdir(), "revenprox-rollout-"));
  const controlPlane = await startControlPlane();
  const natsPort = await freePort();
  const nats = start(await natsServer(), ["-a", "127.0.0.1", "-p", `${natsPort}`, "-js", "-sd", join(folder, "nats")]);
  const kube = await kubeOf(controlPlane.kubeconfig);
  await installCrd(controlPlane);
  const programs = [nats, await controllers(controlPlane), operator(controlPlane)];
  const selector = Object.entries(selectorLabels(name, "proxy"))
    .map(([label, value]) => `${label}=${value}`)
    .join(",");
  const kubelet = startStandInKubelet({ kube, namespace, folder, selector });
  await kube("POST", resourcePath, {
    apiVersion: "revenprox.io/v1alpha1",
    kind: "RevenProx",
    metadata: { name },
    spec: { nats: { external: { servers: [`nats://127.0.0.1:${natsPort}`] } }, ...spec },
  });
  return {
    kind: "processes of one machine under the real Deployment controller",
    targets: kubelet.targets,
    departures: kubelet.departures,
    publishKey: await publishKey(kube),
    read: async () => (await kube("GET", `${resourcePath}/${name}`)) as RevenProx,
    change: async (patch) => void (await kube("PATCH", `${resourcePath}/${name}`, patch)),
    operatorLog: () => programs.map(({ output }) => output().slice(-6_000)).join("\n----\n"),
    failed: kubelet.failed,
    stop: async () => {
      await kubelet.stop();
      await Promise.all(programs.map(end));
      await controlPlane.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
