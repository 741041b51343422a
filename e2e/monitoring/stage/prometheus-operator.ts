import { type MonitoringComponent, releaseFiles } from "@revenprox/observability";
import type { Platform } from "../../environment/platform.ts";

const crdFolder = "example/prometheus-operator-crd/monitoring.coreos.com_";
const crds = [
  "alertmanagerconfigs",
  "alertmanagers",
  "podmonitors",
  "probes",
  "prometheusagents",
  "prometheuses",
  "prometheusrules",
  "scrapeconfigs",
  "servicemonitors",
  "thanosrulers",
].map((crd) => `${crdFolder}${crd}.yaml`);

const operator = ["cluster-role", "cluster-role-binding", "service-account", "deployment"].map(
  (object) => `example/rbac/prometheus-operator/prometheus-operator-${object}.yaml`,
);
const prometheusRights = ["service-account", "cluster-role", "cluster-role-binding"].map(
  (object) => `example/rbac/prometheus/prometheus-${object}.yaml`,
);

/** The namespace that the release's manifests are written for. */
export const prometheusNamespace = "default";

/** The real prometheus-operator by its own release's manifests, with our builds of its two images; waits for it. */
export const installPrometheusOperator = async (
  platform: Platform,
  images: Readonly<Record<MonitoringComponent, { readonly name: string }>>,
): Promise<void> => {
  const apply = async (paths: readonly string[]): Promise<void> => {
    const text = (await releaseFiles(paths))
      .join("\n---\n")
      .replace(/^(\s*image:) \S+$/gm, `$1 ${images["prometheus-operator"].name}`)
      .replace(/(--prometheus-config-reloader)=\S+/, `$1=${images["prometheus-config-reloader"].name}`);
    await platform.kubectl(["apply", "--server-side", "--filename", "-"], text);
  };
  await apply(crds);
  await platform.kubectl([
    "wait",
    "--for=condition=Established",
    "--timeout=60s",
    "customresourcedefinitions",
    "--all",
  ]);
  await apply([...operator, ...prometheusRights]);
  const deployment = ["--namespace", prometheusNamespace, "rollout", "status", "deployment/prometheus-operator"];
  await platform.kubectl([...deployment, "--timeout=180s"]);
};
