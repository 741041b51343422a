/** Ports and their names on pods and Services. */
export const ports = {
  /** Data plane. Exactly one Service per instance has a port of this name (the ServiceMonitor selects by it). */
  http: { name: "http", number: 8080 },
  management: { name: "management", number: 9090 },
  natsClient: { name: "nats", number: 4222 },
  natsCluster: { name: "cluster", number: 6222 },
  natsMonitor: { name: "monitor", number: 8222 },
  /** The operator's own metrics and health. */
  operator: { name: "metrics", number: 8080 },
} as const;
