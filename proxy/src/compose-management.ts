import type { FastifyInstance } from "fastify";
import type { EffectiveLimits } from "./admission/effective-limits.ts";
import type { ManagementTokens } from "./auth/management-tokens.ts";
import type { Bus } from "./bus.ts";
import { topicsAfter } from "./compose-topics.ts";
import { configView } from "./config/config-view.ts";
import type { LiveConfig } from "./config/live-config.ts";
import { version } from "./config/version.ts";
import { topicIdOf } from "./edge/topic-id.ts";
import type { Topic } from "./hub/event.ts";
import type { Hub } from "./hub/hub.ts";
import type { HealthParts } from "./management/health-routes.ts";
import { managementServer } from "./management/management-server.ts";
import type { CertificateText } from "./management/secure-server.ts";
import type { TopicAudience } from "./management/topic-routes.ts";
import type { ServiceState } from "./service-state.ts";
import type { Draining } from "./shut-down.ts";
import type { LeveledLog } from "./telemetry/logger.ts";

export interface ManagementGround {
  readonly live: LiveConfig;
  readonly log: LeveledLog;
  readonly proxyId: string;
  readonly hub: Hub;
  readonly bus: Bus;
  readonly state: ServiceState;
  readonly tokens: ManagementTokens;
  readonly draining: Draining;
  /** Whether any breaker before the verifier is open. */
  readonly breaker: () => "closed" | "open" | "none";
  readonly limits: () => EffectiveLimits;
  readonly metrics: HealthParts["metrics"];
  readonly certificate: CertificateText | undefined;
}

export const limitsView = (limits: EffectiveLimits): Record<string, number | string | null> => ({
  max_connections: limits.maxConnections,
  max_connections_set_by: limits.by,
  max_topics: limits.maxTopics ?? null,
  memory_bytes: limits.memory,
  cpu_percent: limits.cpu ?? null,
  network_mbps: limits.network ?? null,
  file_descriptors: limits.fileDescriptors ?? null,
});

/** Who listens to a topic, here and at the peers. */
const audienceOf =
  ({ hub, bus, proxyId }: ManagementGround) =>
  async (topic: Topic): Promise<TopicAudience> => {
    const id = topicIdOf(topic);
    const { counts, silent } = await bus.audience(id);
    const others = [...counts].map(([peer, subscribers]) => ({ id: peer, subscribers }));
    return {
      id,
      proxies: [
        { id: proxyId, subscribers: hub.subscribers(id) },
        ...others.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
      ],
      silent,
    };
  };

/** The management plane of this proxy, not yet listening. */
export const buildManagement = (ground: ManagementGround): FastifyInstance => {
  const { live, log, proxyId, hub, bus, state, tokens, draining, breaker, limits, metrics, certificate } = ground;
  return managementServer({
    version: version(),
    proxyId,
    certificate,
    metrics,
    log,
    logLevel: log,
    health: () => state.health(),
    notReady: () => state.notReady(),
    roleOf: (secret) => tokens.role(secret),
    stats: () => state.stats(),
    queues: () => hub.queues(),
    topics: (after, most) => topicsAfter(hub, after, most),
    audience: audienceOf(ground),
    peers: () => bus.peers(),
    now: Date.now,
    drain: () => draining.begin(),
    shed: (shed) => hub.shed(shed),
    moves: () => hub.moves(),
    journalConnected: () => bus.journal.connected,
    breaker,
    config: () => ({
      config: configView(live.current()),
      effectiveLimits: limitsView(limits()),
      pendingRestart: live.pendingRestart(),
    }),
  });
};
