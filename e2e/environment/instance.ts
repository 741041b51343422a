import { selectorLabels } from "@revenprox/contract/labels";
import { names } from "@revenprox/contract/names";
import { ports } from "@revenprox/contract/ports";
import { eventually } from "./eventually.ts";
import type { Platform, Reach } from "./platform.ts";

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

export interface Pod {
  readonly name: string;
  readonly uid: string;
  readonly ready: boolean;
  readonly deleting: boolean;
}

interface PodJson {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** One RevenProx on a platform, and the pods behind it. */
export interface Instance {
  readonly name: string;
  readonly namespace: string;
  kubectl(args: readonly string[], input?: string): Promise<string>;
  get<T>(kind: string, object?: string): Promise<T>;
  conditions(): Promise<ReadonlyMap<string, Condition>>;
  /** Resolves with the condition once it has that status (and reason); rejects with the last conditions seen. */
  waitFor(type: string, status: string, reason?: string, timeoutMs?: number): Promise<Condition>;
  pods(): Promise<readonly Pod[]>;
  /** Proxy pods that are ready and not being deleted, once there are `count` of them. */
  readyPods(count: number, timeoutMs?: number): Promise<readonly Pod[]>;
  publishKey(): Promise<string>;
  reach(pod: string, port?: number): Promise<Reach>;
}

const podOf = ({ metadata, status }: PodJson): Pod => ({
  name: metadata.name,
  uid: metadata.uid,
  ready: status.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false,
  deleting: metadata.deletionTimestamp !== undefined,
});

/** Names the RevenProx `name` in `namespace`; makes nothing. */
export const instanceOf = (platform: Platform, namespace: string, name: string): Instance => {
  const kubectl = (args: readonly string[], input?: string): Promise<string> =>
    platform.kubectl(["--namespace", namespace, ...args], input);
  const get = async <T>(kind: string, object = name): Promise<T> =>
    JSON.parse(await kubectl(["get", kind, object, "--output", "json"])) as T;
  const conditions = async (): Promise<ReadonlyMap<string, Condition>> => {
    const { status } = await get<{ status?: { conditions?: Condition[] } }>("revenprox");
    return new Map((status?.conditions ?? []).map((condition) => [condition.type, condition]));
  };
  const selector = Object.entries(selectorLabels(name, "proxy"))
    .map(([label, value]) => `${label}=${value}`)
    .join(",");
  const pods = async (): Promise<readonly Pod[]> => {
    const list = await kubectl(["get", "pods", "--selector", selector, "--output", "json"]);
    return (JSON.parse(list) as { items: PodJson[] }).items.map(podOf);
  };
  return {
    name,
    namespace,
    kubectl,
    get,
    conditions,
    pods,
    async waitFor(type, status, reason, timeoutMs = 120_000) {
      let last: Condition | undefined;
      try {
        return await eventually(
          `${type}=${status}`,
          async () => {
            last = (await conditions()).get(type);
            const right = last?.status === status && (reason === undefined || last.reason === reason);
            return right ? last : undefined;
          },
          timeoutMs,
        );
      } catch (error) {
        throw new Error(`${type} did not become ${status} ${reason ?? ""}: it is ${JSON.stringify(last)}`, {
          cause: error,
        });
      }
    },
    readyPods: (count, timeoutMs = 120_000) =>
      eventually(
        `${count} ready pods of ${name}`,
        async () => {
          const ready = (await pods()).filter((pod) => pod.ready && !pod.deleting);
          return ready.length === count ? ready : undefined;
        },
        timeoutMs,
      ),
    async publishKey() {
      const { data } = await get<{ data: { default: string } }>("secret", names(name).publishKey);
      return Buffer.from(data.default, "base64").toString("utf8");
    },
    reach: (pod, port = ports.http.number) => platform.reach(namespace, pod, port),
  };
};
