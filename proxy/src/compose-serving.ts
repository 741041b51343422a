import { hasVerifier } from "@revenprox/contract/config/has-verifier";
import type { ProxyConfig } from "@revenprox/contract/config/proxy-config";
import { countDescriptors } from "./admission/usage-meter.ts";
import type { Bus } from "./bus.ts";
import { buildLimits, type Limits, type LoopPlace } from "./compose-admission.ts";
import { type Auth, buildAuth } from "./compose-auth.ts";
import { buildBus } from "./compose-bus.ts";
import { hubSettings } from "./compose-hub-settings.ts";
import { feedGauges, timedPublishing } from "./compose-metrics.ts";
import { certificateOf, followCertificate } from "./compose-tls.ts";
import { buildTracing } from "./compose-tracing.ts";
import { addressText, listenAddress } from "./config/listen-address.ts";
import type { LiveConfig } from "./config/live-config.ts";
import { version } from "./config/version.ts";
import { type DataPlaneParts, dataPlane } from "./edge/data-plane.ts";
import { engines } from "./edge/engines.ts";
import type { Certificate, ExchangeHandler, Listening } from "./edge/exchange.ts";
import { type AccessRule, accessRule } from "./edge/publish-access.ts";
import { type Refuse, refusing } from "./http/refusals.ts";
import type { TopicId } from "./hub/event.ts";
import { createHub, type Hub } from "./hub/hub.ts";
import { ServiceState } from "./service-state.ts";
import { createDraining, type Draining, type ShutDownParts } from "./shut-down.ts";
import { systemClock } from "./system-clock.ts";
import { hubMetrics } from "./telemetry/hub-metrics.ts";
import type { LeveledLog } from "./telemetry/logger.ts";
import { addedMemory, residentMemory } from "./telemetry/memory-use.ts";
import { RequestCounts } from "./telemetry/request-counts.ts";
import { createMetrics, type Metrics } from "./telemetry/scrape.ts";
import type { Tracing } from "./telemetry/tracing.ts";

export interface ServingParts {
  readonly live: LiveConfig;
  readonly log: LeveledLog;
  /** Name towards the other proxies. */
  readonly proxyId: string;
  /** Absent: this process is the whole proxy, and has the port alone. */
  readonly place?: (LoopPlace & { readonly port: number }) | undefined;
  /** A stream has come to the topic here, or left it. */
  readonly onAudience?: ((topicId: TopicId) => void) | undefined;
}

/** What every part is built from. */
interface Ground extends ServingParts {
  readonly metrics: Metrics;
  readonly limits: Limits;
  readonly rule: AccessRule;
  readonly tracing: Tracing | undefined;
}

/** What the data plane says of the whole proxy. */
export type Told = Pick<DataPlaneParts, "health" | "metrics">;

/** All of a proxy but the management plane: clients on one side, the bus on the other. */
export interface Serving {
  readonly hub: Hub;
  readonly bus: Bus;
  readonly state: ServiceState;
  readonly auth: Auth;
  readonly draining: Draining;
  readonly limits: Limits;
  readonly metrics: Metrics;
  /** The address on which it listens, once the port is known. */
  readonly rule: AccessRule;
  /** Connects to the bus and begins to listen. */
  open(told: Told): Promise<Listening>;
  /** What `shutDown` needs of it once it is open. */
  stopping(edge: Listening): Omit<ShutDownParts, "management">;
}

const buildHub = ({ live, log, metrics, limits, tracing, onAudience }: Ground, bus: Bus): Hub => {
  const { journal } = live.current();
  return createHub({
    journal: bus.journal,
    clock: systemClock,
    random: Math.random,
    metrics: limits.counting(hubMetrics(metrics)),
    log,
    settings: hubSettings(() => live.current(), limits.inForce),
    sweepIntervalSec: journal.enabled ? journal.sweepIntervalSec : Number.POSITIVE_INFINITY,
    interestLingerSec: journal.interestLingerSec,
    audienceChanged:
      onAudience === undefined
        ? (topicId) => bus.audienceChanged(topicId)
        : (topicId) => {
            onAudience(topicId);
            bus.audienceChanged(topicId);
          },
    tracing,
  });
};

const authOf = ({ live, log, limits, metrics, rule }: Ground): Promise<Auth> =>
  buildAuth({ live, log, metrics, rule, clientOf: (origin) => limits.admission.clientName(origin) });

const refuseOf = ({ metrics }: Ground): Refuse => {
  const { refusals_total: refusals, connections_rejected: rejected } = metrics.instruments;
  return refusing({ refused: (reason) => refusals.inc({ reason }), rejected: () => rejected.inc() });
};

const buildDataPlane = (ground: Ground, hub: Hub, auth: Auth, told: Told) => {
  const { live, log, limits, tracing } = ground;
  const { publish_duration_seconds: publishDuration, requests_total: requests } = ground.metrics.instruments;
  const counts = new RequestCounts();
  ground.metrics.beforeScrape(() => counts.handOver(requests));
  return dataPlane({
    hub: timedPublishing(hub, (seconds) => publishDuration.observe(seconds)),
    tracing,
    count: (route, how) => counts.add(route, how),
    access: auth.publishing,
    readers: auth.readers,
    settings: () => live.current().http,
    health: told.health,
    metrics: live.current().metricsAccess === "all" ? told.metrics : undefined,
    refuse: refuseOf(ground),
    admission: limits.admission,
    quotas: limits.quotas,
    softRefusals: () => {
      const { eventsourceSoftRefusals, retryMs } = live.current().http;
      return { all: eventsourceSoftRefusals, retryMs: () => retryMs, random: Math.random };
    },
    log,
    logsStreams: () => log.level() === "debug",
  });
};

const startEdge = (
  ground: Ground,
  handle: ExchangeHandler,
  certificate: Certificate | undefined,
): Promise<Listening> => {
  const { engine, ...head } = ground.live.current().http;
  const { place, rule } = ground;
  return engines[engine]({
    address: place === undefined ? rule.address : { ...rule.address, port: place.port },
    shared: place !== undefined,
    handle,
    head,
    certificate,
    refuse: refuseOf(ground),
    trusts: (peer) => ground.limits.admission.trusts(peer),
    clock: systemClock,
    slowClientMs: () => ground.live.current().http.slowClientTimeoutSec * 1_000,
  });
};

export interface StartToTell extends Pick<ServingParts, "live" | "log"> {
  readonly rule: AccessRule;
  readonly limitsText: string;
}

/** Says where the data plane listens, and why there. */
export const tellStart = ({ live, log, rule, limitsText }: StartToTell, port: number): void => {
  const { bindAddress } = live.current().http;
  const bound = addressText({ ...rule.address, port });
  if (rule.hostReplaced) {
    log.warn(
      `No publish key is set, so the data plane listens on ${bound} instead of ${bindAddress}: set http.publish_keys_dir to a folder with keys, or http.allow_unauthenticated = true to let anybody publish`,
    );
  }
  log.info(limitsText);
  log.info(`HTTP server started on ${bound}`);
};

/** Has the log follow the configured level. */
export const followLogLevel = ({ live, log }: Pick<ServingParts, "live" | "log">): (() => void) => {
  let level = live.current().logLevel;
  return live.onChange((config) => {
    if (config.logLevel !== level) log.setLevel(config.logLevel);
    level = config.logLevel;
  });
};

export const accessOf = ({ http, jwtVerifier }: ProxyConfig): AccessRule =>
  accessRule({ ...http, verified: hasVerifier(jwtVerifier) }, listenAddress(http.bindAddress));

/** Builds every part but the management plane and connects them; nothing listens yet. */
export const buildServing = async (parts: ServingParts): Promise<Serving> => {
  const { live, log, proxyId, place } = parts;
  const config = live.current();
  const memory = place === undefined ? residentMemory : addedMemory;
  const limits = buildLimits({ live, log, place, memory });
  const metrics = createMetrics({ openDescriptors: countDescriptors, memory });
  const { instruments } = metrics;
  const tracing = await buildTracing({ config: config.tracing, proxyId, log, instruments });
  const ground: Ground = { ...parts, limits, rule: accessOf(config), metrics, tracing };
  const process = { config, proxyId, build: version(), log, instruments };
  const bus = await buildBus({
    ...process,
    clock: systemClock,
    random: Math.random,
    maxEventSize: () => live.current().http.maxEventSize,
  });
  const hub = buildHub(ground, bus);
  const state = new ServiceState({ hub, journal: bus.journal, clock: systemClock, troubles: bus.troubles });
  const auth = await authOf(ground);
  const certificate = await certificateOf(config.http);
  const quiet = place === undefined ? log : { ...log, info: log.debug };
  const draining = createDraining({ hub, state, log: quiet, http: () => live.current().http });
  const gauges = feedGauges({ metrics, hub, bus });
  const stopFollowing = followLogLevel({ live, log });
  return {
    hub,
    bus,
    state,
    auth,
    draining,
    limits,
    metrics,
    rule: ground.rule,
    open: async (told) => {
      bus.open({
        connections: () => state.health().connections,
        subscribers: (topicId) => hub.subscribers(topicId),
      });
      const edge = await startEdge(ground, buildDataPlane(ground, hub, auth, told), certificate);
      limits.usage.start();
      state.listening();
      return edge;
    },
    stopping: (edge) => ({
      edge,
      hub,
      draining,
      bus,
      tracing,
      log,
      watchers: [
        auth,
        limits.usage,
        gauges,
        followCertificate(certificate, (changed) => edge.useCertificate(changed), log),
        { stop: stopFollowing },
      ],
    }),
  };
};
