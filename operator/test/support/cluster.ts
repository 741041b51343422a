import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type ControlPlane, startControlPlane } from "@revenprox/cluster";
import type { RevenProxStatus } from "@revenprox/contract/resource/status";
import { createKubeClient, type KubeClient, loadKubeConfig } from "../../src/kube/client.ts";
import { isStatus } from "../../src/kube/kube-error.ts";
import type { KubernetesObject } from "../../src/reconcile/ports.ts";

const execute = promisify(execFile);

export interface AuditEvent {
  readonly verb: string;
  readonly userAgent?: string;
  readonly requestURI: string;
  /** With microseconds. */
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number };
  /** Whom the caller acts as. */
  readonly impersonatedUser?: { readonly username: string };
}

/** A real kube-apiserver with the RevenProx CRD. No kubelet and no controller runs: pods do not exist. */
export interface TestCluster {
  readonly controlPlane: ControlPlane;
  readonly client: KubeClient;
  /** Standard output of kubectl; rejects when it fails. */
  kubectl(...args: string[]): Promise<string>;
  /** Makes or changes objects as a user does. */
  kubectlApply(object: unknown): Promise<void>;
  get(path: string): Promise<KubernetesObject | undefined>;
  /** Requests of the operator so far, each once. */
  operatorRequests(): Promise<readonly AuditEvent[]>;
  stop(): Promise<void>;
}

export const crdFile = fileURLToPath(new URL("../../../crds/revenprox.yaml", import.meta.url));

/** With more flags for kube-apiserver, as `--flag=value`. */
export const startTestCluster = async (...apiServerFlags: readonly string[]): Promise<TestCluster> => {
  const controlPlane = await startControlPlane({ audit: true, apiServerFlags });
  const client = createKubeClient(loadKubeConfig(controlPlane.kubeconfig));
  const kubectl = async (...args: string[]): Promise<string> => {
    const { stdout } = await execute(controlPlane.kubectl, ["--kubeconfig", controlPlane.kubeconfig, ...args]);
    return stdout;
  };
  const kubectlApply = async (object: unknown): Promise<void> => {
    const running = execute(controlPlane.kubectl, ["--kubeconfig", controlPlane.kubeconfig, "apply", "-f", "-"]);
    running.child.stdin?.end(JSON.stringify(object));
    await running;
  };
  await kubectl("create", "-f", crdFile);
  const established = ["wait", "--for=condition=Established", "crd/revenproxes.revenprox.io", "--timeout=30s"];
  // kubectl fails at once while the CRD has no conditions at all.
  await untilTaken("the CRD is established", () => kubectl(...established));
  return {
    controlPlane,
    client,
    kubectl,
    kubectlApply,
    get: async (path) => {
      try {
        return (await client.request({ method: "GET", path })) as KubernetesObject;
      } catch (error) {
        if (isStatus(error, 404)) return undefined;
        throw error;
      }
    },
    operatorRequests: async () => {
      const log = await readFile(controlPlane.auditLog ?? "", "utf8");
      // What comes behind the last line end is still being written.
      const lines = log.split("\n").slice(0, -1);
      const events = lines.map((line): AuditEvent & { stage: string } => JSON.parse(line));
      return events.filter(
        ({ userAgent, stage }) => userAgent?.startsWith("revenprox-operator") === true && stage === "ResponseComplete",
      );
    },
    stop: async () => {
      client.close();
      await controlPlane.stop();
    },
  };
};

/** Polls until `probe` gives a value; throws `what` after the deadline, which a machine with other work must not reach. */
export const eventually = async <T>(
  what: string,
  probe: () => Promise<T | undefined | false>,
  seconds = 60,
): Promise<T> => {
  const deadline = Date.now() + seconds * 1_000;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`within ${seconds} s it did not come true that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

/** Tries until it is not refused; throws `what` after the deadline, with the last refusal as its cause. */
export const untilTaken = async <T>(what: string, attempt: () => Promise<T>, seconds = 60): Promise<T> => {
  const deadline = Date.now() + seconds * 1_000;
  for (;;) {
    try {
      return await attempt();
    } catch (cause) {
      if (Date.now() > deadline) throw new Error(`within ${seconds} s it did not come true that ${what}`, { cause });
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

export const revenproxPath = (name: string, namespace = "default"): string =>
  `/apis/revenprox.io/v1alpha1/namespaces/${namespace}/revenproxes/${name}`;

export const revenprox = (name: string, spec: unknown = {}) => ({
  apiVersion: "revenprox.io/v1alpha1",
  kind: "RevenProx",
  metadata: { name, namespace: "default" },
  spec,
});

export const statusOf = async (cluster: TestCluster, name: string): Promise<RevenProxStatus> =>
  ((await cluster.get(revenproxPath(name)))?.["status"] ?? {}) as RevenProxStatus;

/** Resolves with the condition once it has this status. */
export const condition = (cluster: TestCluster, name: string, [type, wanted]: readonly [string, string]) =>
  eventually(`${name} has ${type}=${wanted}`, async () =>
    (await statusOf(cluster, name)).conditions?.find((each) => each.type === type && each.status === wanted),
  );

/** Writes of the operator to children: no events, no status of the resource. */
export const isChildWrite = ({ verb, objectRef }: AuditEvent): boolean =>
  ["create", "update", "patch", "delete"].includes(verb) &&
  objectRef?.resource !== "events" &&
  objectRef?.subresource !== "status";

/** Names and resource versions of all children, to be compared. */
export const versions = async (cluster: TestCluster, kinds = "deploy,sts,svc,cm,sa,secret"): Promise<string> =>
  cluster.kubectl(
    "get",
    kinds,
    "-n",
    "default",
    "-l",
    "app.kubernetes.io/managed-by=revenprox-operator",
    "-o",
    'jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}',
  );

/** Waits for an event in the default namespace whose message has all these parts. */
export const eventTold = (cluster: TestCluster, reason: string, parts: readonly string[]) =>
  eventually(
    `an event ${reason} says ${parts.join(" and ")}`,
    async () => {
      const list = await cluster.get("/api/v1/namespaces/default/events");
      const items = list?.["items"] as readonly { reason: string; message: string }[];
      return items.find((item) => item.reason === reason && parts.every((part) => item.message.includes(part)));
    },
    60,
  );
