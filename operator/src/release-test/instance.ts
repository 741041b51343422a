import { selectorLabels } from "@revenprox/contract/labels";
import { names } from "@revenprox/contract/names";
import { ports } from "@revenprox/contract/ports";
import { revenproxApi } from "@revenprox/contract/resource/group";
import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import type { KubeClient } from "../kube/client.ts";
import { pathOf, podKind, revenproxKind, secretKind } from "../kube/kinds.ts";
import { isStatus } from "../kube/kube-error.ts";
import { isReadyPod, type Pod } from "../kube/pod.ts";

/** Says that a RevenProx was made by a test, so that no other one is ever deleted. */
const testLabel = "revenprox.io/release-test";

/** The RevenProx that the test makes, uses and deletes, by the few calls that its Role allows. */
export interface TestInstance {
  /** Of its Service. */
  readonly origin: string;
  /** Deletes it if it is there. Throws when one of its name was not made by a test. */
  remove(): Promise<void>;
  create(): Promise<void>;
  /** Undefined: there is none. */
  read(): Promise<RevenProx | undefined>;
  publishKey(): Promise<string>;
  /** Ready proxies with their origins. */
  readyPods(): Promise<readonly { readonly name: string; readonly origin: string }[]>;
  deletePod(name: string): Promise<void>;
}

const body = (namespace: string, name: string) => ({
  apiVersion: revenproxApi.apiVersion,
  kind: revenproxApi.kind,
  metadata: { name, namespace, labels: { [testLabel]: "true" } },
  // No rules: nobody is to be paged about it.
  spec: { replicas: 2, monitoring: { enabled: false } },
});

/** Names `namespace/name`; makes nothing. */
export const testInstance = (client: KubeClient, namespace: string, name: string): TestInstance => {
  const path = pathOf(revenproxKind, namespace, name);
  const read = async (): Promise<RevenProx | undefined> => {
    try {
      return (await client.request({ method: "GET", path })) as RevenProx;
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw error;
    }
  };
  return {
    origin: `http://${names(name).proxy}.${namespace}.svc:${ports.http.number}`,
    read,
    remove: async () => {
      const found = await read();
      if (found === undefined) return;
      const { labels } = found.metadata as { readonly labels?: Readonly<Record<string, string>> };
      if (labels?.[testLabel] === undefined)
        throw new Error(`RevenProx ${namespace}/${name} was not made by a test: rename it, or test another release`);
      const { uid } = found.metadata;
      const options = { apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid } };
      await client.request({ method: "DELETE", path, body: options });
    },
    create: async () => {
      await client.request({ method: "POST", path: pathOf(revenproxKind, namespace), body: body(namespace, name) });
    },
    publishKey: async () => {
      const secret = pathOf(secretKind, namespace, names(name).publishKey);
      const { data } = (await client.request({ method: "GET", path: secret })) as {
        readonly data: { default: string };
      };
      return Buffer.from(data.default, "base64").toString("utf8");
    },
    readyPods: async () => {
      const labels = Object.entries(selectorLabels(name, "proxy"));
      const labelSelector = labels.map(([label, value]) => `${label}=${value}`).join(",");
      const list = { method: "GET", path: pathOf(podKind, namespace), query: { labelSelector } } as const;
      const { items } = (await client.request(list)) as { readonly items: readonly Pod[] };
      return items.filter(isReadyPod).flatMap(({ metadata, status }) => {
        const host = status?.podIP?.includes(":") === true ? `[${status.podIP}]` : status?.podIP;
        return host === undefined ? [] : [{ name: metadata.name, origin: `http://${host}:${ports.http.number}` }];
      });
    },
    deletePod: async (pod) => {
      await client.request({ method: "DELETE", path: pathOf(podKind, namespace, pod) });
    },
  };
};
