import { revenproxApi } from "@revenprox/contract/resource/group";
import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import { type RevenProxSpec, revenproxSpec } from "@revenprox/contract/resource/spec";
import { hasGeneratedTls } from "../desired/nats-plan.ts";
import type { ClusterFacts, DesiredInput, OperatorSettings } from "../reconcile/ports.ts";

/** A spec as the API server would serve it, defaults filled in. */
export const specOf = (spec: unknown): RevenProxSpec => revenproxSpec.parse(spec);

/** A RevenProx `apps/web` of generation 3. */
export const resourceOf = (spec: unknown, name = "web"): RevenProx => ({
  apiVersion: revenproxApi.apiVersion,
  kind: revenproxApi.kind,
  metadata: { name, namespace: "apps", uid: "7f1c", generation: 3, resourceVersion: "42" },
  spec: specOf(spec),
});

export const settings: OperatorSettings = {
  proxyImage: "localhost/revenprox-proxy:test",
  natsImage: "localhost/revenprox-nats:test",
  runbookBaseUrl: "https://runbooks.example/revenprox/",
};

/** A cluster with a default StorageClass, the monitoring CRDs and all Secrets. */
export const allFacts: ClusterFacts = {
  monitoring: { serviceMonitor: true, prometheusRule: true },
  gateway: { httpRoute: true },
  keda: { scaledObject: true },
  defaultStorageClass: "standard",
  secrets: {
    publishKey: { exists: true, revision: "1" },
    managementTokens: { exists: true, revision: "1" },
    natsUsers: { exists: true, revision: "1" },
    natsTls: undefined,
    natsCredentials: undefined,
    missing: [],
  },
};

const certificates = { authority: { exists: true, revision: "1" }, server: { exists: true, revision: "1" } };

export const inputOf = (spec: unknown, facts: Partial<ClusterFacts> = {}): DesiredInput => {
  const natsTls = hasGeneratedTls(specOf(spec)) ? certificates : undefined;
  return {
    revenprox: resourceOf(spec),
    settings,
    facts: { ...allFacts, secrets: { ...allFacts.secrets, natsTls }, ...facts },
    current: [],
  };
};

/** Every key that a user may set, with a value of its own. */
export const everythingSet = {
  replicas: 12,
  image: "registry.example/proxy:2.0",
  upgradePolicy: "Automatic",
  autoscaling: {
    mode: "HPA",
    minReplicas: 4,
    maxReplicas: 40,
    scaleUp: { stabilizationWindowSeconds: 30, maxPods: 3, periodSeconds: 20 },
    scaleDown: { stabilizationWindowSeconds: 600, maxPods: 2, periodSeconds: 120 },
    hpa: {
      metric: {
        type: "Pods",
        name: "revenprox_connections_active",
        selector: { matchLabels: { tier: "gold" } },
        averageValue: "12k",
      },
    },
  },
  healing: { enabled: false, maxReplacementsPerHour: 5, afterSeconds: 60 },
  rollout: { maxSurge: 2, rebalance: { enabled: false, differencePercent: 40, afterSeconds: 120 } },
  config: {
    logLevel: "debug",
    logFormat: "text",
    metricsEnabled: true,
    metricsAccess: "private",
    http: {
      allowUnauthenticated: true,
      maxConnections: 20_000,
      keepaliveIntervalSec: 20,
      retryMs: 3_000,
      batchWindowMs: 5,
      threadPoolSize: 2,
      maxEventSize: 4_194_304,
      maxBatchEvents: 500,
      engine: "node",
      maxRequestLineSize: 4_096,
      maxHeaderSize: 4_096,
      maxHeaders: 50,
      maxTopicsPerStream: 20,
      maxReplayEvents: 200,
      corsAllowedOrigins: "https://app.example, https://admin.example",
      rateLimitPerIp: 50,
      rateLimitWindowSec: 30,
      trustedProxies: ["10.0.0.0/8"],
      publishRatePerKey: 1_000,
      maxStreamsPerToken: 5,
      eventsourceSoftRefusals: true,
      maxMessageQueueSize: 500,
      slowClientTimeoutSec: 45,
      backpressurePolicy: "drop_oldest",
      maxConnectionAgeSec: 3_600,
      allowQueryToken: false,
      shutdownGracePeriodSec: 120,
      drainRatePerSec: 50,
    },
    journal: {
      enabled: true,
      maxAgeSec: 7_200,
      maxEventsPerTopic: 500,
      maxBytes: 1_073_741_824,
      duplicateWindowSec: 60,
      publishTimeoutMs: 5_000,
      maxInFlight: 2_000,
      sweepIntervalSec: 10,
      interestLingerSec: 30,
      maxReplays: 4,
      maxResumeEvents: 10_000,
      maxResumeBytes: 33_554_432,
      replayMirror: false,
    },
    distributedState: {
      gossipIntervalSec: 2.5,
      peerTimeoutSec: 9,
      maxSubscriptionEvents: 500,
      maxTopicsPerPeer: 50_000,
    },
    jwtVerifier: {
      webhookUrl: "https://auth.example/verify",
      jwksUrl: "https://auth.example/keys",
      issuer: "https://auth.example",
      audience: "revenprox",
      algorithms: ["ES256"],
      topicsClaim: "topics",
      publishTopicsClaim: "publish",
      requireAuthentication: false,
      timeoutMs: 2_000,
      retryAttempts: 2,
      cacheTtlSec: 60,
      negativeCacheTtlSec: 5,
      cacheMaxSize: 5_000,
      circuitBreakerThreshold: 5,
      circuitBreakerTimeoutSec: 30,
      rateLimitPerSec: 500,
      allowPrivateAddresses: true,
    },
    limits: {
      maxMemoryMb: 4_096,
      maxCpuPercent: 300,
      maxNetworkMbps: 500,
      maxFileDescriptors: 20_000,
      maxTopics: 5_000,
    },
  },
  auth: {
    publishKeysSecret: "shop-publish-keys",
    verifier: { headersSecret: "verifier-headers", caSecret: "verifier-ca", clientSecret: "web-verifier-client" },
  },
  tls: { secret: "web-tls" },
  nats: {
    managed: {
      replicas: 3,
      storage: { size: "10Gi", className: "fast" },
      image: "registry.example/nats:3.0",
      tls: { enabled: true },
      resources: { requests: { memory: "512Mi" } },
      pod: {
        labels: { team: "bus" },
        annotations: { "example.com/backup": "yes" },
        nodeSelector: { disk: "fast" },
        nodeAffinity: [{ key: "example.com/spot", operator: "DoesNotExist" }],
        tolerations: [{ key: "bus", operator: "Exists" }],
        topologySpread: [{ topologyKey: "kubernetes.io/hostname", maxSkew: 1, whenUnsatisfiable: "DoNotSchedule" }],
        priorityClassName: "bus",
      },
    },
  },
  service: {
    type: "LoadBalancer",
    annotations: { "example.com/balancer": "internal" },
    port: 443,
    nodePort: 30_443,
    loadBalancerClass: "example.com/balancer",
    loadBalancerSourceRanges: ["198.51.100.0/24"],
    externalTrafficPolicy: "Local",
  },
  ingress: {
    className: "public",
    hosts: ["events.example.com", "*.events.example.com"],
    tlsSecret: "events-tls",
    annotations: { "cert-manager.io/cluster-issuer": "letsencrypt" },
  },
  route: {
    parentRefs: [{ name: "public", namespace: "edge", sectionName: "https", port: 443 }],
    hosts: ["stream.example.com"],
    annotations: { "example.com/owner": "shop" },
  },
  podDisruptionBudget: { enabled: true, maxUnavailable: 2 },
  networkPolicy: {
    enabled: true,
    clientsFrom: [
      { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "edge" } } },
      { ipBlock: { cidr: "203.0.113.0/24", except: ["203.0.113.64/26"] } },
    ],
    monitoringFrom: [
      {
        namespaceSelector: { matchLabels: { team: "metrics" } },
        podSelector: { matchLabels: { app: "prometheus" } },
      },
    ],
    publishersFrom: [{ podSelector: { matchLabels: { role: "publisher" } } }],
    restrictEgress: true,
    extraEgress: [
      { to: [{ ipBlock: { cidr: "10.96.0.0/12" } }], ports: [{ port: 8443 }, { port: 514, protocol: "UDP" }] },
      { to: [{ namespaceSelector: { matchLabels: { team: "auth" } } }] },
    ],
  },
  monitoring: {
    enabled: true,
    labels: { release: "kube-prometheus-stack", app: "not-yours" },
    intervalSec: 30,
    runbookBaseUrl: "https://wiki.example/alerts",
    scrapeTimeoutSec: 20,
    thresholds: {
      highConnections: 15_000,
      rejectedPerSecond: 0.5,
      authFailuresPerSecond: 5,
      memoryPercent: 70,
      minPeers: 5,
      eventLoopLagMs: 100,
      slowClientsPerSecond: 2,
      gapsPerSecond: 3,
      holesPerSecond: 4,
      journalPercent: 80,
      journalSilenceSec: 30,
    },
    alerts: [
      { name: "RevenProxMalformedMessages", enabled: false },
      { name: "RevenProxJournalNearFull", severity: "critical", forSec: 60 },
    ],
    dashboards: { enabled: true, labels: { dashboards: "yes" }, annotations: { grafana_folder: "RevenProx" } },
  },
  tracing: {
    endpoint: "https://collector.example:4318",
    ratio: 0.25,
    trustParent: true,
    serviceName: "events",
    headersSecret: "collector-key",
    maxQueueSpans: 4_096,
    exportIntervalMs: 2_000,
    timeoutMs: 4_000,
  },
  resources: { requests: { cpu: "1", memory: "1Gi" }, limits: { memory: "2Gi" } },
  imagePullSecrets: ["registry"],
  pod: {
    labels: { team: "streams", app: "not-yours" },
    annotations: { "example.com/mesh": "off" },
    nodeSelector: { "kubernetes.io/arch": "amd64" },
    nodeAffinity: [
      { key: "pool", operator: "In", values: ["streams", "general"] },
      { key: "pool", operator: "In", values: ["streams"], weight: 50 },
    ],
    tolerations: [
      { key: "pool", operator: "Equal", value: "streams", effect: "NoExecute", tolerationSeconds: 60 },
      { operator: "Exists", effect: "NoSchedule" },
    ],
    topologySpread: [{ topologyKey: "topology.kubernetes.io/zone", maxSkew: 2, whenUnsatisfiable: "DoNotSchedule" }],
    priorityClassName: "streams",
    env: [
      { name: "TZ", value: "UTC" },
      { name: "PROXY_AUTH", secret: { name: "egress", key: "token" } },
    ],
  },
  slo: {
    enabled: true,
    availability: { targetPercent: 99.95 },
    latency: { targetPercent: 95, thresholdMs: 250 },
    errors: { maxPercent: 1 },
  },
  progressDeadlineSeconds: 300,
} as const;
