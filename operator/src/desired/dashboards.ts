import { dashboards } from "@revenprox/contract/dashboards/catalogue";
import { renderDashboard } from "@revenprox/contract/dashboards/render";
import type { DesiredObject } from "../reconcile/ports.ts";
import { configHash } from "./config-hash.ts";
import type { Instance } from "./instance.ts";
import { metadata } from "./metadata.ts";
import { scrapeIntervalSec } from "./monitoring.ts";

/** What Grafana's sidecar looks for where nobody told it otherwise. */
const sidecarLabel = { grafana_dashboard: "1" } as const;

/**
 * The ConfigMap from which Grafana's sidecar takes the dashboards of this instance. Each instance has its own, since
 * Grafana takes no two of one uid. The sidecar writes the files of all ConfigMaps into one folder, so their names
 * carry namespace and instance, with a `_` between, which neither may contain.
 */
export const dashboardsConfigMap = (instance: Instance): DesiredObject => {
  const { namespace, name } = instance;
  const { labels = sidecarLabel, annotations } = instance.revenprox.spec.monitoring?.dashboards ?? {};
  const base = metadata(instance, instance.names.dashboards, "proxy");
  const owner = {
    uid: `rvp-${configHash(`${namespace}/${name}`)}`,
    namespace,
    service: instance.names.proxy,
    intervalSec: scrapeIntervalSec(instance),
  };
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      ...base,
      labels: { ...labels, ...base.labels },
      ...(annotations === undefined ? {} : { annotations }),
    },
    data: Object.fromEntries(
      [...dashboards].map(([id, json]) => [`revenprox_${namespace}_${name}_${id}.json`, renderDashboard(json, owner)]),
    ),
  };
};
