import { releaseFiles } from "@revenprox/observability";

const crds = ["servicemonitors", "prometheusrules"] as const;

/** YAML of the real ServiceMonitor and PrometheusRule CRDs, from the release of prometheus-operator that the stories run. */
export const monitoringCrds = async (): Promise<string> => {
  const paths = crds.map((crd) => `example/prometheus-operator-crd/monitoring.coreos.com_${crd}.yaml`);
  return (await releaseFiles(paths)).join("\n---\n");
};
