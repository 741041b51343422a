import type { ProxyConfig } from "@revenprox/contract/config/proxy-config";
import type { EffectiveLimits } from "./admission/effective-limits.ts";
import type { HubSettings } from "./hub/hub-settings.ts";

/** Of a key whose 0 means that there is no limit. */
const unlessZero = (limit: number): number => (limit === 0 ? Number.POSITIVE_INFINITY : limit);

const settingsOf = (
  { journal: past, http }: ProxyConfig,
  { maxConnections, maxTopics }: EffectiveLimits,
): HubSettings => ({
  keepaliveIntervalSec: http.keepaliveIntervalSec,
  retryMs: http.retryMs,
  batchWindowMs: http.batchWindowMs,
  maxConnections,
  maxTopics,
  maxAgeSec: http.maxConnectionAgeSec === 0 ? undefined : http.maxConnectionAgeSec,
  backpressure: {
    policy: http.backpressurePolicy ?? (past.enabled ? "block" : "drop_oldest"),
    maxEvents: http.maxMessageQueueSize,
  },
  replaysAtOnce: past.maxReplays,
  resumeLimits: { maxEvents: unlessZero(past.maxResumeEvents), maxBytes: unlessZero(past.maxResumeBytes) },
});

/** The hub's settings as of now; made once for each configuration, since every event asks for them several times. */
export const hubSettings = (config: () => ProxyConfig, limits: () => EffectiveLimits): (() => HubSettings) => {
  let made: { readonly of: ProxyConfig; readonly within: EffectiveLimits; readonly settings: HubSettings } | undefined;
  return () => {
    const [of, within] = [config(), limits()];
    if (made?.of !== of || made.within !== within) made = { of, within, settings: settingsOf(of, within) };
    return made.settings;
  };
};
