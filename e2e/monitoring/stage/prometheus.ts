import type { Platform } from "../../environment/platform.ts";
import { type PrometheusApi, prometheusApi } from "./prometheus-api.ts";
import { prometheusNamespace } from "./prometheus-operator.ts";
import type { Selection } from "./selections.ts";

const resource = ({ name, labels, evaluation }: Selection, image: string) => ({
  apiVersion: "monitoring.coreos.com/v1",
  kind: "Prometheus",
  metadata: { name, namespace: prometheusNamespace },
  spec: {
    image,
    version: "v3.16.0",
    replicas: 1,
    serviceAccountName: "prometheus",
    evaluationInterval: evaluation,
    serviceMonitorSelector: { matchLabels: labels },
    serviceMonitorNamespaceSelector: {},
    ruleSelector: { matchLabels: labels },
    ruleNamespaceSelector: {},
    securityContext: { runAsNonRoot: true, runAsUser: 65_534, fsGroup: 65_534 },
  },
});

/** Asks prometheus-operator for one Prometheus for each selection. */
export const installPrometheus = async (
  platform: Platform,
  image: string,
  selections: readonly Selection[],
): Promise<void> => {
  for (const selection of selections)
    await platform.kubectl(["apply", "--filename", "-"], JSON.stringify(resource(selection, image)));
};

/** Resolves when prometheus-operator says that they are there. */
export const waitForPrometheus = async (platform: Platform, selections: readonly Selection[]): Promise<void> => {
  for (const { name } of selections) {
    const wait = ["--namespace", prometheusNamespace, "wait", "--for=condition=Available", "--timeout=180s"];
    await platform.kubectl([...wait, `prometheus/${name}`]);
  }
};

const podOf = ({ name }: Selection): string => `prometheus-${name}-0`;

/** A way to its HTTP API from this machine. */
export const reachPrometheus = async (platform: Platform, selection: Selection): Promise<PrometheusApi> =>
  prometheusApi((await platform.reach(prometheusNamespace, podOf(selection), 9090)).origin);

/** Makes kubelet look at the pod's mounted rules now; by itself it does so about once a minute. */
export const hurryRules = async (platform: Platform, selection: Selection): Promise<void> => {
  const annotate = ["--namespace", prometheusNamespace, "annotate", "--overwrite", "pod", podOf(selection)];
  await platform.kubectl([...annotate, `story/looked-at=${Date.now()}`]);
};
