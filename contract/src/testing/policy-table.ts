import { objectLabels } from "../labels.ts";

/** Who takes part in the table, a pod each; the namespace is one of `tableNamespaces`. */
export interface TablePod {
  readonly namespace: keyof typeof tableNamespaces;
  readonly labels: Readonly<Record<string, string>>;
}

/** Roles of namespaces: that of the instance, another one, the operator's and Prometheus' own. */
export const tableNamespaces = { apps: "apps", more: "more", system: "system", monitoring: "monitoring" } as const;

const operatorLabels = { "app.kubernetes.io/component": "operator", "app.kubernetes.io/part-of": "revenprox" };

/** Pods around the instance `web`. */
export const tablePods = {
  proxy: { namespace: "apps", labels: objectLabels("web", "proxy") },
  nats: { namespace: "apps", labels: objectLabels("web", "nats") },
  "proxy of another instance": { namespace: "apps", labels: objectLabels("other", "proxy") },
  "nats of another instance": { namespace: "apps", labels: objectLabels("other", "nats") },
  "proxy of the same name elsewhere": { namespace: "more", labels: objectLabels("web", "proxy") },
  operator: { namespace: "system", labels: operatorLabels },
  "false operator": { namespace: "more", labels: operatorLabels },
  prometheus: { namespace: "monitoring", labels: { "app.kubernetes.io/name": "prometheus" } },
  "pod beside": { namespace: "apps", labels: { app: "shop" } },
  "pod elsewhere": { namespace: "more", labels: { app: "shop" } },
} as const satisfies Record<string, TablePod>;
export type TablePodName = keyof typeof tablePods;

/** Outside the cluster. */
export const outsideAddress = "198.51.100.4";

export type TableRow = readonly [from: TablePodName | "internet", to: TablePodName, port: number, allowed: boolean];

/** What the policies of an instance whose spec is `{}`, apart from numbers of pods, let pass and what not, over TCP. */
export const policyTable: readonly TableRow[] = [
  ["internet", "proxy", 8080, true],
  ["pod elsewhere", "proxy", 8080, true],
  ["prometheus", "proxy", 8080, true],
  ["internet", "proxy", 9090, false],
  ["pod beside", "proxy", 9090, false],
  ["nats", "proxy", 9090, false],
  ["proxy of another instance", "proxy", 9090, false],
  ["operator", "proxy", 9090, true],
  ["false operator", "proxy", 9090, false],
  ["prometheus", "proxy", 9090, true],
  ["operator", "proxy", 22, false],
  ["nats", "proxy", 8080, false],
  ["proxy", "nats", 4222, true],
  ["pod beside", "nats", 4222, true],
  ["proxy of another instance", "nats", 4222, true],
  ["pod elsewhere", "nats", 4222, false],
  ["proxy of the same name elsewhere", "nats", 4222, false],
  ["internet", "nats", 4222, false],
  ["operator", "nats", 4222, false],
  ["proxy", "nats", 6222, false],
  ["nats of another instance", "nats", 6222, false],
  ["pod beside", "nats", 6222, false],
  ["proxy", "nats", 8222, false],
  ["prometheus", "nats", 8222, false],
  ["operator", "nats", 8222, true],
  ["false operator", "nats", 8222, false],
  ["proxy", "pod beside", 53, true],
  ["nats", "pod beside", 53, true],
  ["proxy", "pod beside", 8080, false],
  ["nats", "pod beside", 4222, false],
  ["proxy", "nats of another instance", 4222, false],
  ["pod beside", "pod elsewhere", 80, true],
];
