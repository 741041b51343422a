import { hostname } from "node:os";
import type { ProxyConfig } from "@revenprox/contract/config/proxy-config";
import { ManagementTokens } from "./auth/management-tokens.ts";
import { buildManagement } from "./compose-management.ts";
import { accessOf, buildServing, tellStart } from "./compose-serving.ts";
import { certificateOf, followCertificate } from "./compose-tls.ts";
import { addressText, listenAddress } from "./config/listen-address.ts";
import type { LiveConfig } from "./config/live-config.ts";
import { isLoopback } from "./http/origin-rule.ts";
import { openManagement } from "./management/open-management.ts";
import { useCertificate } from "./management/secure-server.ts";
import { type RunningProxy, shutDown } from "./shut-down.ts";
import type { LeveledLog } from "./telemetry/logger.ts";

export interface ProxyParts {
  readonly live: LiveConfig;
  readonly log: LeveledLog;
}

export const buildTokens = ({ live, log }: ProxyParts): ManagementTokens => {
  const { bindAddress, readTokenFile, adminTokenFile } = live.current().management;
  return new ManagementTokens({
    readTokenFile,
    adminTokenFile,
    loopback: isLoopback(listenAddress(bindAddress).host),
    log,
  });
};

/** Address on which the data plane of this configuration listens. */
export const boundAddress = (config: ProxyConfig): string => addressText(accessOf(config).address);

/** Builds every part of a proxy, connects them and begins to serve. */
export const startProxy = async ({ live, log }: ProxyParts): Promise<RunningProxy> => {
  const config = live.current();
  const proxyId = config.proxyId ?? hostname();
  const serving = await buildServing({ live, log, proxyId });
  const { hub, bus, state, auth, draining, limits, metrics, rule } = serving;
  const tokens = buildTokens({ live, log });
  const certificate = await certificateOf(config.management);
  const scrape = config.metricsEnabled ? () => metrics.scrape() : undefined;
  const management = buildManagement({
    live,
    log,
    proxyId,
    hub,
    bus,
    state,
    tokens,
    draining,
    breaker: () => auth.breaker(),
    limits: limits.inForce,
    metrics: scrape,
    certificate,
  });

  await Promise.all([auth.start(), tokens.start()]);
  await openManagement(management, listenAddress(config.management.bindAddress), log);
  const edge = await serving.open({ health: () => state.health(), metrics: scrape });
  tellStart({ live, log, rule, limitsText: limits.text() }, edge.port);
  const certificateWatch = followCertificate(certificate, (changed) => useCertificate(management.server, changed), log);
  const stopping = serving.stopping(edge);
  return {
    configRefused: (refused) => metrics.instruments.config_rejected.set(refused ? 1 : 0),
    shutDown: () => shutDown({ ...stopping, management, watchers: [...stopping.watchers, tokens, certificateWatch] }),
  };
};
