import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "./run-command.ts";

/** The module whose release carries the CRDs. */
const release = "github.com/prometheus-operator/prometheus-operator@v0.85.0";
const crds = ["servicemonitors", "prometheusrules"] as const;

/** YAML of the real ServiceMonitor and PrometheusRule CRDs, fetched through the Go module proxy and cached by Go. */
export const monitoringCrds = async (): Promise<string> => {
  const { Dir } = JSON.parse(await runCommand("go", ["mod", "download", "-json", release])) as { Dir: string };
  const files = crds.map((crd) => join(Dir, `example/prometheus-operator-crd/monitoring.coreos.com_${crd}.yaml`));
  return (await Promise.all(files.map((file) => readFile(file, "utf8")))).join("\n---\n");
};
