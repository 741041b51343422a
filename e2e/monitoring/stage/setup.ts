import { monitoringImages } from "@revenprox/observability";
import type { TestProject } from "vitest/node";
import { startBuiltIn } from "../../environment/built-in-cluster.ts";
import { installChart } from "../../environment/release.ts";
import { installPrometheus, waitForPrometheus } from "./prometheus.ts";
import { installPrometheusOperator } from "./prometheus-operator.ts";
import { everyday, hurried } from "./selections.ts";

const scraped = { enabled: true, labels: everyday.labels };

/** What a user sets to have the operator watched as well. */
const chartValues = Object.entries({
  "metrics.serviceMonitor": { ...scraped, interval: "5s" },
  "metrics.prometheusRule": scraped,
  "metrics.dashboard": { enabled: true },
}).flatMap(([key, value]) => ["--set-json", `${key}=${JSON.stringify(value)}`]);

/** The built-in cluster with prometheus-operator, two Prometheus and our operator, once for all monitoring stories. */
export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  const images = await monitoringImages();
  const archives = Object.values(images).map(({ archive }) => archive);
  const platform = await startBuiltIn((line) => process.stdout.write(`${line}\n`), archives);
  try {
    await installPrometheusOperator(platform, images);
    await installPrometheus(platform, images.prometheus.name, [everyday, hurried]);
    await installChart(platform, chartValues);
    await waitForPrometheus(platform, [everyday, hurried]);
  } catch (error) {
    await platform.down();
    throw error;
  }
  project.provide("images", platform.images);
  return () => platform.down();
};
