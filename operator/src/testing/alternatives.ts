/** The other ways to scale: never two at once. */
export const scaledByStreams = {
  autoscaling: { mode: "Connections", maxReplicas: 20, connections: { targetPerPod: 8_000, tolerancePercent: 20 } },
} as const;
export const scaledByCpu = { autoscaling: { mode: "HPA", maxReplicas: 5, hpa: { cpuUtilization: 55 } } } as const;
export const scaledByKeda = {
  autoscaling: {
    mode: "KEDA",
    maxReplicas: 30,
    keda: {
      pollingIntervalSeconds: 10,
      triggers: [
        {
          type: "prometheus",
          name: "streams",
          metadata: {
            serverAddress: "http://prometheus.monitoring:9090",
            query: "sum(revenprox_connections_active)",
            threshold: "12000",
          },
          metricType: "AverageValue",
          authentication: "prometheus-login",
        },
      ],
    },
  },
} as const;

/** NATS of somebody else. */
export const externalWithCredentials = {
  replicas: 2,
  config: { journal: { maxBytes: 2_147_483_648 } },
  nats: {
    external: {
      servers: ["tls://nats-0.example:4222", "tls://nats-1.example:4222"],
      credentialsSecret: "nats-login",
      tls: { caSecret: "nats-ca", clientSecret: "web-nats-client" },
    },
  },
} as const;
