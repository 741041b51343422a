import type { FastifyInstance } from "fastify";
import type { EffectiveLimits } from "./admission/effective-limits.ts";
import type { Admitted } from "./admission/shared-use.ts";
import type { ManagementTokens } from "./auth/management-tokens.ts";
import type { ProxyParts } from "./compose.ts";
import { limitsView } from "./compose-management.ts";
import { configView } from "./config/config-view.ts";
import { version } from "./config/version.ts";
import { topicIdOf } from "./edge/topic-id.ts";
import type { Topic } from "./hub/event.ts";
import type { Shed } from "./hub/shed.ts";
import type { LoopFleet } from "./loops/loop-fleet.ts";
import { mergedQueues, mergedTopics, shedOfLoops } from "./loops/merged-state.ts";
import type { SupervisedState } from "./loops/supervised-state.ts";
import { managementServer } from "./management/management-server.ts";
import type { CertificateText } from "./management/secure-server.ts";
import type { TopicAudience } from "./management/topic-routes.ts";
import type { Draining } from "./shut-down.ts";
import type { Instruments } from "./telemetry/instruments.ts";
import type { LeveledLog } from "./telemetry/logger.ts";
import type { MetricValues, Scrape } from "./telemetry/scrape.ts";

/** Event loops in processes of their own, and what they are together. */
export interface Supervised {
  readonly fleet: LoopFleet<Admitted, MetricValues>;
  readonly state: SupervisedState;
  readonly limits: () => EffectiveLimits;
  readonly scrape: () => Promise<Scrape>;
  readonly instruments: Instruments;
}

export interface LoopsManagementGround extends Supervised, ProxyParts {
  readonly proxyId: string;
  readonly tokens: ManagementTokens;
  readonly draining: Draining;
  readonly certificate: CertificateText | undefined;
}

/** A census of the other proxies waits 500 ms for them. */
const patienceMs = 2_000;

const audienceOf =
  ({ fleet, proxyId }: LoopsManagementGround) =>
  async (topic: Topic): Promise<TopicAudience> => {
    const id = topicIdOf(topic);
    const [here, elsewhere] = await Promise.all([
      fleet.askAll("subscribers", id),
      fleet.askOne("elsewhere", id, patienceMs),
    ]);
    const subscribers = [...here.values()].reduce((sum, count) => sum + count, 0);
    const others = [...(elsewhere?.counts ?? [])].map(([peer, count]) => ({ id: peer, subscribers: count }));
    return {
      id,
      proxies: [{ id: proxyId, subscribers }, ...others.toSorted((a, b) => (a.id < b.id ? -1 : 1))],
      silent: elsewhere?.silent ?? [],
    };
  };

/** Gives each loop its part; returns how many streams are to end. */
const shedAll = ({ fleet }: LoopsManagementGround, shed: Shed): number => {
  const streams = fleet.streams();
  const parts = shedOfLoops(shed, [...streams.values()]);
  fleet.tellEach(
    "shed",
    new Map(
      [...streams.keys()].flatMap((loop, index) => {
        const part = parts[index];
        return part === undefined ? [] : [[loop, part] as const];
      }),
    ),
  );
  return parts.reduce((sum, part) => sum + part.streams, 0);
};

/** What is set here is set in every loop. */
const logLevelOf = ({ log, fleet }: LoopsManagementGround): Pick<LeveledLog, "level" | "setLevel"> => ({
  level: () => log.level(),
  setLevel: (level) => {
    log.setLevel(level);
    fleet.tell("logLevel", level);
  },
});

/** The management plane of a proxy with several event loops, not yet listening. */
export const buildLoopsManagement = (ground: LoopsManagementGround): FastifyInstance => {
  const { live, log, proxyId, fleet, state, tokens, draining, limits, scrape, certificate } = ground;
  return managementServer({
    version: version(),
    proxyId,
    certificate,
    metrics: live.current().metricsEnabled ? scrape : undefined,
    log,
    logLevel: logLevelOf(ground),
    refresh: () => fleet.refresh(),
    health: () => state.health(),
    notReady: () => state.notReady(),
    roleOf: (secret) => tokens.role(secret),
    stats: () => state.stats(),
    queues: async () => mergedQueues([...(await fleet.askAll("queues", undefined, patienceMs)).values()]),
    topics: async (after, most) =>
      mergedTopics([...(await fleet.askAll("topics", { after, most }, patienceMs)).values()], most),
    audience: audienceOf(ground),
    peers: () => state.peers(),
    now: Date.now,
    drain: () => draining.begin(),
    shed: (shed) => shedAll(ground, shed),
    moves: () => state.moves(),
    journalConnected: () => state.journalConnected(),
    breaker: () => state.breaker(),
    config: () => ({
      config: configView(live.current()),
      effectiveLimits: limitsView(limits()),
      pendingRestart: live.pendingRestart(),
    }),
  });
};
