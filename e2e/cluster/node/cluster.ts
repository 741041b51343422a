import { join } from "node:path";
import { helm as helmProgram } from "../build/helm.ts";
import { makeApiClient, waitForReady } from "../control-plane/api-client.ts";
import { readServerUrl } from "../control-plane/kubeconfig.ts";
import { type CommandResult, command, tryCommand } from "../host/command.ts";
import { describeFailures, recordedDaemons } from "../host/daemon.ts";
import { endProcesses } from "../host/ending.ts";
import { isRunning } from "../host/process-table.ts";
import { clusterEnvironment, daemonHome } from "./environment.ts";
import { type Forward, makeForwarder, type Target } from "./forward.ts";
import { importImage } from "./images.ts";
import { type Layout, NETWORK_NAMESPACE_FILE } from "./layout.ts";
import { startComponent } from "./start.ts";

const API_READY_WITHIN_MS = 30_000;

export type Cluster = {
  /** Path; for programs of the machine, through a forwarded port of 127.0.0.1. */
  kubeconfig: string;
  /** Path; for programs run by `exec`. */
  insideKubeconfig: string;
  /** Folder of all the cluster's files; logs in `logs/`, one for each component. */
  state: string;
  /** Runs kubectl and returns its standard output. Throws, with what it printed, when it fails. */
  kubectl(args: readonly string[], options?: { input?: string }): Promise<string>;
  /** Runs helm 4 and returns its standard output. Throws, with what it printed, when it fails. */
  helm(args: readonly string[]): Promise<string>;
  /** Makes the images of an OCI archive known to pods; quick when they are there already. Use `imagePullPolicy: IfNotPresent`. */
  importImage(ociArchivePath: string): Promise<void>;
  /** Forwards a port of 127.0.0.1 to an address inside; half-closed connections and resets are passed on. Ends with this process. */
  forward(target: Target): Promise<Forward>;
  /**
   * Runs a program of the machine inside the cluster's network, to its end; it does not outlive this process.
   * Throws only when it cannot be started.
   */
  exec(args: readonly string[], options?: { input?: string }): Promise<CommandResult>;
  /** kill -9; pods go on, the API is gone until `startApiServer`. */
  killApiServer(): Promise<void>;
  /** Resolves when the API is ready again, at the same address. Does nothing to an apiserver that runs. */
  startApiServer(): Promise<void>;
  /** Ends the forwards of this handle; the cluster stays. */
  detach(): void;
};

/** A handle on the running cluster in `layout`. */
export function clusterAt(layout: Layout, kubernetes: string): Cluster {
  const forwarder = makeForwarder({
    logFile: join(layout.logs, `forwarder-${process.pid}.log`),
    env: clusterEnvironment(layout),
  });
  const inside = layout.insideKubeconfig("admin");
  const outsideEnv = { ...process.env, KUBECONFIG: layout.kubeconfig, ...helmFolders(layout) };
  return {
    kubeconfig: layout.kubeconfig,
    insideKubeconfig: inside,
    state: layout.state,
    kubectl: (args, options) => command(join(kubernetes, "kubectl"), args, { ...options, env: outsideEnv }),
    helm: async (args) => command(await helmProgram(), args, { env: outsideEnv }),
    importImage: (archive) => importImage(layout, archive),
    forward: (target) => forwarder.forward(target),
    exec: (args, options) =>
      tryCommand("setpriv", ["--pdeathsig", "KILL", "nsenter", `--net=${NETWORK_NAMESPACE_FILE}`, "--", ...args], {
        ...options,
        env: { ...process.env, KUBECONFIG: inside, PATH: `${kubernetes}:${process.env["PATH"]}` },
      }),
    killApiServer: () => killApiServer(layout),
    startApiServer: () => startApiServer(layout, kubernetes),
    detach: () => forwarder.end(),
  };
}

async function killApiServer(layout: Layout): Promise<void> {
  const identity = recordedDaemons(layout.processes).get("kube-apiserver");
  if (identity !== undefined) await endProcesses([identity], 0);
}

async function startApiServer(layout: Layout, kubernetes: string): Promise<void> {
  const identity = recordedDaemons(layout.processes).get("kube-apiserver");
  if (identity === undefined || !isRunning(identity)) startComponent(layout, kubernetes, "kube-apiserver");
  const client = await makeApiClient(await readServerUrl(layout.kubeconfig), layout.pki);
  await waitForReady(client, API_READY_WITHIN_MS, () =>
    describeFailures(daemonHome(layout), ["etcd", "kube-apiserver"]),
  );
}

/** Helm's own files stay in the state folder, so that nothing of the user's is read or written. */
function helmFolders(layout: Layout): NodeJS.ProcessEnv {
  return {
    HELM_CACHE_HOME: join(layout.helm, "cache"),
    HELM_CONFIG_HOME: join(layout.helm, "config"),
    HELM_DATA_HOME: join(layout.helm, "data"),
  };
}
