import { hostname } from "node:os";
import { hasVerifier } from "@revenprox/contract/config/jwt-verifier";
import type { ProxyConfig } from "@revenprox/contract/config/proxy-config";
import { countDescriptors } from "./admission/usage-meter.ts";
import { ManagementTokens } from "./auth/management-tokens.ts";
import type { Bus } from "./bus.ts";
import { buildLimits, type Limits } from "./compose-admission.ts";
import { type Auth, buildAuth } from "./compose-auth.ts";
import { buildBus } from "./compose-bus.ts";
import { hubSettings } from "./compose-hub-settings.ts";
import { buildManagement } from "./compose-management.ts";
import { feedGauges, timedPublishing } from "./compose-metrics.ts";
import { certificateOf, followCertificate } from "./compose-tls.ts";
import { buildTracing } from "./compose-tracing.ts";
import { addressText, listenAddress } from "./config/listen-address.ts";
import type { LiveConfig } from "./config/live-config.ts";
import { version } from "./config/version.ts";
import { dataPlane } from "./edge/data-plane.ts";
import { engines } from "./edge/engines.ts";
import type { Certificate, ExchangeHandler, Listening } from "./edge/exchange.ts";
import { type AccessRule, accessRule } from "./edge/publish-access.ts";
import { isLoopback } from "./http/origin-rule.ts";
import { type Refuse, refusing } from "./http/refusals.ts";
import { createHub, type Hub } from "./hub/hub.ts";
import { useCertificate } from "./management/secure-server.ts";
import { ServiceState } from "./service-state.ts";
import { createDraining, type RunningProxy, shutDown } from "./shut-down.ts";
import { systemClock } from "./system-clock.ts";
import { hubMetrics } from "./telemetry/hub-metrics.ts";
import type { LeveledLog } from "./telemetry/logger.ts";
import { RequestCounts } from "./telemetry/request-counts.ts";
import { createMetrics, type Metrics } from "./telemetry/scrape.ts";
import type { Tracing } from "./telemetry/tracing.ts";

export interface ProxyParts {
  readonly live: LiveConfig;
  readonly log: LeveledLog;
}

/** What every part of the composition is built from. */
interface Ground extends ProxyParts {
  readonly metrics: Metrics;
  readonly limits: Limits;
  readonly rule: AccessRule;
  readonly tracing: Tracing | undefined;
}

const buildHub = ({ live, log, metrics, limits, tracing }: Ground, bus: Bus): Hub => {
  const { journal } = live.current();
  return createHub({
    journal: bus.journal,
    clock: systemClock,
    random: Math.random,
    metrics: limits.counting(hubMetrics(metrics.instruments)),
    log,
    settings: hubSettings(() => live.current(), limits.inForce),
    sweepIntervalSec: journal.sweepIntervalSec,
    interestLingerSec: journal.interestLingerSec,
    audienceChanged: (topicId) => bus.audienceChanged(topicId),
    tracing,
  });
};

const authOf = ({ live, log, limits, metrics: { instruments }, rule }: Ground): Promise<Auth> =>
  buildAuth({ live, log, instruments, rule, clientOf: (origin) => limits.admission.clientName(origin) });

const buildTokens = ({ live, log }: Ground): ManagementTokens => {
  const { bindAddress, readTokenFile, adminTokenFile } = live.current().management;
  return new ManagementTokens({
    readTokenFile,
    adminTokenFile,
    loopback: isLoopback(listenAddress(bindAddress).host),
    log,
  });
};

const scrapeOf = ({ live, metrics }: Ground) => (live.current().metricsEnabled ? () => metrics.scrape() : undefined);

const refuseOf = ({ metrics }: Ground): Refuse => {
  const { refusals_total: refusals, connections_rejected: rejected } = metrics.instruments;
  return refusing({ refused: (reason) => refusals.inc({ reason }), rejected: () => rejected.inc() });
};

const buildDataPlane = (ground: Ground, hub: Hub, state: ServiceState, auth: Auth) => {
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
    health: () => state.health(),
    metrics: live.current().metricsAccess === "all" ? scrapeOf(ground) : undefined,
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
  return engines[engine]({
    address: ground.rule.address,
    handle,
    head,
    certificate,
    refuse: refuseOf(ground),
    trusts: (peer) => ground.limits.admission.trusts(peer),
    clock: systemClock,
    slowClientMs: () => ground.live.current().http.slowClientTimeoutSec * 1_000,
  });
};

const tellStart = ({ live, log, limits, rule }: Ground, port: number): void => {
  const { bindAddress } = live.current().http;
  const bound = addressText({ ...rule.address, port });
  if (rule.hostReplaced) {
    log.warn(
      `No publish key is set, so the data plane listens on ${bound} instead of ${bindAddress}: set http.publish_keys_dir to a folder with keys, or http.allow_unauthenticated = true to let anybody publish`,
    );
  }
  log.info(limits.text());
  log.info(`HTTP server started on ${bound}`);
};

const followConfig = ({ live, log }: ProxyParts): (() => void) => {
  let level = live.current().logLevel;
  return live.onChange((config) => {
    if (config.logLevel !== level) log.setLevel(config.logLevel);
    level = config.logLevel;
  });
};

const accessOf = ({ http, jwtVerifier }: ProxyConfig): AccessRule =>
  accessRule({ ...http, verified: hasVerifier(jwtVerifier) }, listenAddress(http.bindAddress));

/** Address on which the data plane of this configuration listens. */
export const boundAddress = (config: ProxyConfig): string => addressText(accessOf(config).address);

const certificatesOf = async ({ http, management }: ProxyConfig) => ({
  http: await certificateOf(http),
  management: await certificateOf(management),
});

/** Builds every part of a proxy, connects them and begins to serve. */
export const startProxy = async ({ live, log }: ProxyParts): Promise<RunningProxy> => {
  const config = live.current();
  const limits = buildLimits({ live, log });
  const metrics = createMetrics(countDescriptors);
  const { instruments } = metrics;
  const proxyId = config.proxyId ?? hostname();
  const tracing = await buildTracing({ config: config.tracing, proxyId, log, instruments });
  const ground: Ground = { live, log, limits, rule: accessOf(config), metrics, tracing };
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
  const tokens = buildTokens(ground);
  const certificates = await certificatesOf(config);
  const draining = createDraining({ hub, state, log, http: () => live.current().http });
  const management = buildManagement({
    ...ground,
    proxyId,
    hub,
    bus,
    state,
    tokens,
    draining,
    breaker: () => auth.breaker(),
    limits: limits.inForce,
    metrics: scrapeOf(ground),
    certificate: certificates.management,
  });
  const gauges = feedGauges({ metrics, hub, bus });

  await Promise.all([auth.start(), tokens.start()]);
  const managementUrl = await management.listen(listenAddress(config.management.bindAddress));
  log.info(`Management server started on ${new URL(managementUrl).host}`);
  bus.open({
    connections: () => state.health().connections,
    subscribers: (topicId) => hub.subscribers(topicId),
  });
  const edge = await startEdge(ground, buildDataPlane(ground, hub, state, auth), certificates.http);
  limits.usage.start();
  state.listening();
  tellStart(ground, edge.port);
  const stopFollowing = followConfig({ live, log });
  const certificateWatches = [
    followCertificate(certificates.http, (certificate) => edge.useCertificate(certificate), log),
    followCertificate(certificates.management, (certificate) => useCertificate(management.server, certificate), log),
  ];
  return {
    configRefused: (refused) => instruments.config_rejected.set(refused ? 1 : 0),
    shutDown: () =>
      shutDown({
        edge,
        hub,
        draining,
        bus,
        management,
        tracing,
        log,
        watchers: [auth, tokens, limits.usage, gauges, ...certificateWatches, { stop: stopFollowing }],
      }),
  };
};
