import { hostname } from "node:os";
import type { ProxyConfig } from "@revenprox/contract/config/proxy-config";
import { ManagementTokens } from "./auth/management-tokens.ts";
import { PublishKeys } from "./auth/publish-keys.ts";
import { type Bus, buildBus } from "./compose-bus.ts";
import { addressText, listenAddress } from "./config/listen-address.ts";
import type { LiveConfig } from "./config/live-config.ts";
import { version } from "./config/version.ts";
import { dataPlane } from "./edge/data-plane.ts";
import { effectiveLimit, readOpenFileLimit } from "./edge/effective-limits.ts";
import { type AccessRule, accessRule } from "./edge/publish-access.ts";
import type { PublishAccess } from "./edge/publish-route.ts";
import { listenWithUws } from "./edge/uws-engine.ts";
import { bearerSecret } from "./http/bearer.ts";
import { isLoopback } from "./http/origin-rule.ts";
import { refusing } from "./http/refusals.ts";
import { createHub, type Hub } from "./hub/hub.ts";
import { managementServer } from "./management/management-server.ts";
import { ServiceState } from "./service-state.ts";
import { type RunningProxy, shutDown } from "./shut-down.ts";
import { systemClock } from "./system-clock.ts";
import { hubMetrics } from "./telemetry/hub-metrics.ts";
import type { LeveledLog } from "./telemetry/logger.ts";
import { createMetrics, type Metrics } from "./telemetry/scrape.ts";

export interface ProxyParts {
  readonly live: LiveConfig;
  readonly log: LeveledLog;
}

/** What every part of the composition is built from. */
interface Ground extends ProxyParts {
  readonly metrics: Metrics;
  readonly openFiles: number | undefined;
  readonly rule: AccessRule;
}

const buildHub = ({ live, log, metrics, openFiles }: Ground, bus: Bus): Hub => {
  const { journal } = live.current();
  return createHub({
    journal: bus.journal,
    clock: systemClock,
    random: Math.random,
    metrics: hubMetrics(metrics.instruments),
    log,
    settings: () => {
      const { maxConnections, keepaliveIntervalSec, retryMs } = live.current().http;
      return {
        keepaliveIntervalSec,
        retryMs,
        maxConnections: effectiveLimit(maxConnections, openFiles).maxConnections,
      };
    },
    sweepIntervalSec: journal.sweepIntervalSec,
    interestLingerSec: journal.interestLingerSec,
  });
};

const buildKeys = ({ live, log }: Ground): PublishKeys | undefined => {
  const { publishKeysDir } = live.current().http;
  return publishKeysDir === undefined ? undefined : new PublishKeys({ folder: publishKeysDir, log });
};

const publishAccess = ({ rule, metrics }: Ground, keys: PublishKeys | undefined): PublishAccess => {
  if (keys === undefined) return { kind: rule.kind === "open" ? "open" : "foreign-pages-refused" };
  const { auth_requests_total: requests, auth_failures_total: failures } = metrics.instruments;
  return {
    kind: "keys",
    check: (authorization) => {
      const verdict = keys.verify(bearerSecret(authorization));
      requests.inc();
      if (verdict !== "valid") failures.inc();
      return verdict;
    },
  };
};

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

const buildDataPlane = (ground: Ground, hub: Hub, state: ServiceState, keys: PublishKeys | undefined) => {
  const { live, log, metrics } = ground;
  const { refusals_total: refusals, connections_rejected: rejected } = metrics.instruments;
  return dataPlane({
    hub,
    access: publishAccess(ground, keys),
    settings: () => live.current().http,
    health: () => state.health(),
    metrics: scrapeOf(ground),
    refuse: refusing({ refused: (reason) => refusals.inc({ reason }), rejected: () => rejected.inc() }),
    log,
  });
};

const buildManagement = (ground: Ground, bus: Bus, state: ServiceState, tokens: ManagementTokens) =>
  managementServer({
    health: () => state.health(),
    notReady: () => state.notReady(),
    metrics: scrapeOf(ground),
    roleOf: (secret) => tokens.role(secret),
    stats: () => state.stats(),
    peers: () => bus.peers(),
    logLevel: ground.log,
    log: ground.log,
  });

const tellStart = ({ live, log, openFiles, rule }: Ground, port: number): void => {
  const { bindAddress, maxConnections } = live.current().http;
  const bound = addressText({ ...rule.address, port });
  if (rule.hostReplaced) {
    log.warn(
      `No publish key is set, so the data plane listens on ${bound} instead of ${bindAddress}: set http.publish_keys_dir to a folder with keys, or http.allow_unauthenticated = true to let anybody publish`,
    );
  }
  const limit = effectiveLimit(maxConnections, openFiles);
  log.info(
    `At most ${limit.maxConnections} streams (max_connections ${maxConnections}, open files ${openFiles ?? "unlimited"})`,
  );
  log.info(`HTTP server started on ${bound}`);
};

const followConfig = ({ live, log }: ProxyParts): (() => void) => {
  let level = live.current().logLevel;
  return live.onChange((config) => {
    if (config.logLevel !== level) log.setLevel(config.logLevel);
    level = config.logLevel;
  });
};

const accessOf = ({ http }: ProxyConfig): AccessRule => accessRule(http, listenAddress(http.bindAddress));

/** Address on which the data plane of this configuration listens. */
export const boundAddress = (config: ProxyConfig): string => addressText(accessOf(config).address);

/** Builds every part of a proxy, connects them and begins to serve. */
export const startProxy = async ({ live, log }: ProxyParts): Promise<RunningProxy> => {
  const config = live.current();
  const ground: Ground = {
    live,
    log,
    rule: accessOf(config),
    metrics: createMetrics(),
    openFiles: readOpenFileLimit(),
  };
  const { instruments } = ground.metrics;
  const proxyId = config.proxyId ?? hostname();
  const bus = buildBus({
    config,
    proxyId,
    build: version(),
    clock: systemClock,
    random: Math.random,
    log,
    instruments,
  });
  const hub = buildHub(ground, bus);
  const state = new ServiceState({ hub, journal: bus.journal, clock: systemClock });
  const keys = buildKeys(ground);
  const tokens = buildTokens(ground);
  const management = buildManagement(ground, bus, state, tokens);
  ground.metrics.beforeScrape(() => {
    instruments.topics_active.set(hub.stats().topics);
    bus.refreshGauges();
  });

  await Promise.all([keys?.start(), tokens.start()]);
  const managementUrl = await management.listen(listenAddress(config.management.bindAddress));
  log.info(`Management server started on ${new URL(managementUrl).host}`);
  bus.open(() => ({ topics: hub.stats().topics, connections: state.health().connections }));
  const edge = await listenWithUws(ground.rule.address, buildDataPlane(ground, hub, state, keys));
  state.listening();
  tellStart(ground, edge.port);
  const stopFollowing = followConfig({ live, log });
  return {
    shutDown: () =>
      shutDown({
        edge,
        hub,
        bus,
        management,
        state,
        log,
        http: () => live.current().http,
        watchers: [keys, tokens, { stop: stopFollowing }],
      }),
  };
};
