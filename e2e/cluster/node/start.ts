import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type ApiClient, makeApiClient, waitForAnswer, waitForReady } from "../control-plane/api-client.ts";
import { writeCertificates } from "../control-plane/certificates.ts";
import { writeKubeconfig } from "../control-plane/kubeconfig.ts";
import { makeCgroup } from "../host/cgroups.ts";
import { command } from "../host/command.ts";
import { describeFailures, recordDaemon, startDaemon } from "../host/daemon.ts";
import { makeNetworkNamespace } from "../host/network-namespace.ts";
import { saveSysctls } from "../host/sysctls.ts";
import { API_SERVER_CERTIFICATE, componentArguments, type DaemonComponent, IDENTITIES } from "./components.ts";
import { configurationFiles } from "./configuration.ts";
import { clusterEnvironment, daemonHome } from "./environment.ts";
import { firstObjects } from "./first-objects.ts";
import { forwardForGood } from "./forward.ts";
import { importImage, waitForContainerd } from "./images.ts";
import { loadKernelModules } from "./kernel-modules.ts";
import {
  API_PORT,
  CGROUP_ROOT,
  type Layout,
  NETWORK_NAMESPACE_FILE,
  NODE_ADDRESS,
  NODE_NAME,
  SERVICE_RANGE,
} from "./layout.ts";

const READY_WITHIN_MS = 60_000;
const API_FORWARDER = "api-forwarder";

export type Programs = {
  /** Folder with the components. */
  kubernetes: string;
  /** Path of an OCI archive. */
  pauseImage: string;
};

/** Starts a whole node in an empty state folder; resolves when it is Ready and pods can be made. */
export async function startNode(layout: Layout, programs: Programs): Promise<void> {
  await rm(layout.logs, { recursive: true, force: true });
  saveSysctls(layout.sysctls);
  await Promise.all([loadKernelModules(), writeFiles(layout)]);
  makeCgroup(CGROUP_ROOT);
  await makeNetworkNamespace(NETWORK_NAMESPACE_FILE, nodeLinks);
  const started: string[] = [];
  const failure = () => describeFailures(daemonHome(layout), started);
  const start = (component: DaemonComponent) => {
    startComponent(layout, programs.kubernetes, component);
    started.push(component);
  };
  start("etcd");
  startDaemon(daemonHome(layout), "containerd", "containerd", ["-c", layout.containerdConfig]);
  started.push("containerd");
  await writeIdentities(layout);
  start("kube-apiserver");
  const [client] = await Promise.all([
    connectFromOutside(layout, failure),
    waitForContainerd(layout, READY_WITHIN_MS, failure).then(() => importImage(layout, programs.pauseImage)),
  ]);
  const others = [
    "kubelet",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
    "coredns",
    "volume-provisioner",
  ] as const;
  for (const component of others) start(component);
  await Promise.all([
    createFirstObjects(layout, programs.kubernetes),
    waitForNode(client, failure),
    waitForAnswer(client, "/api/v1/namespaces/default/serviceaccounts/default", (answer) => answer.status === 200, {
      withinMs: READY_WITHIN_MS,
      failure,
    }),
  ]);
}

/** Starts one component of the node, with the same command line each time. */
export function startComponent(layout: Layout, kubernetes: string, component: DaemonComponent): void {
  startDaemon(daemonHome(layout), component, join(kubernetes, component), componentArguments(component, layout));
}

// The address sits on a bridge without ports: pods must reach it, so it cannot be a loopback one.
const nodeLinks = [
  "link set lo up",
  "link add node0 type bridge",
  `addr add ${NODE_ADDRESS}/32 dev node0`,
  "link set node0 up",
  `route add ${SERVICE_RANGE} dev node0 src ${NODE_ADDRESS}`,
];

async function writeFiles(layout: Layout): Promise<void> {
  const runc = (await command("sh", ["-c", "command -v runc"], { env: clusterEnvironment(layout) })).trim();
  const files = Object.entries(configurationFiles(layout, runc));
  const folders = [layout.volumes, layout.logs, layout.helm, ...files.map(([path]) => dirname(path))];
  await Promise.all(folders.map((folder) => mkdir(folder, { recursive: true })));
  await Promise.all(files.map(([path, content]) => writeFile(path, content)));
}

async function writeIdentities(layout: Layout): Promise<void> {
  await writeCertificates(layout.pki, [API_SERVER_CERTIFICATE, ...IDENTITIES]);
  const url = `https://${NODE_ADDRESS}:${API_PORT}`;
  await Promise.all(
    IDENTITIES.map(({ name }) => writeKubeconfig(layout.insideKubeconfig(name), url, layout.pki, name)),
  );
}

async function connectFromOutside(layout: Layout, failure: () => string | undefined): Promise<ApiClient> {
  const options = { logFile: join(layout.logs, `${API_FORWARDER}.log`), env: clusterEnvironment(layout) };
  const { port, pid } = await forwardForGood({ host: NODE_ADDRESS, port: API_PORT }, options);
  recordDaemon(daemonHome(layout), API_FORWARDER, pid);
  const url = `https://127.0.0.1:${port}`;
  await writeKubeconfig(layout.kubeconfig, url, layout.pki, "admin");
  const client = await makeApiClient(url, layout.pki);
  await waitForReady(client, READY_WITHIN_MS, failure);
  return client;
}

async function createFirstObjects(layout: Layout, kubernetes: string): Promise<void> {
  const input = JSON.stringify(firstObjects());
  const options = { input, env: { ...clusterEnvironment(layout), KUBECONFIG: layout.kubeconfig } };
  await command(join(kubernetes, "kubectl"), ["create", "--validate=false", "-f", "-"], options);
}

function waitForNode(client: ApiClient, failure: () => string | undefined): Promise<void> {
  const isReady = (body: string) => {
    const node = JSON.parse(body) as { status?: { conditions?: { type: string; status: string }[] } };
    return node.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
  };
  return waitForAnswer(client, `/api/v1/nodes/${NODE_NAME}`, ({ status, body }) => status === 200 && isReady(body), {
    withinMs: READY_WITHIN_MS,
    failure,
  });
}
