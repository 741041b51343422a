import { Admission } from "./admission/admission.ts";
import { type EffectiveLimits, effectiveLimits, readOpenFileLimit } from "./admission/effective-limits.ts";
import { limitsText } from "./admission/pressure.ts";
import { RateLimiter } from "./admission/rate-limiter.ts";
import { TokenStreams } from "./admission/token-streams.ts";
import { UsageWatch } from "./admission/usage-watch.ts";
import type { LiveConfig } from "./config/live-config.ts";
import type { HubMetrics, Log } from "./hub/ports.ts";
import { memoryLimit } from "./telemetry/process-metrics.ts";

/** What this process may use and admit. */
export interface Limits {
  /** The limits in force now. */
  readonly inForce: () => EffectiveLimits;
  readonly admission: Admission;
  readonly usage: UsageWatch;
  readonly quotas: {
    publish(publisher: string): number | undefined;
    stream(token: string): boolean;
    streamClosed(token: string): void;
  };
  /** `metrics`, with the bytes that are sent counted for the limit on the network. */
  counting(metrics: HubMetrics): HubMetrics;
  /** The limits in force, in words. */
  text(): string;
}

/** Computed once for each configuration, since it is asked for with every stream. */
const limitsOf = (live: LiveConfig): (() => EffectiveLimits) => {
  const system = { openFiles: readOpenFileLimit(), memory: memoryLimit() };
  const compute = (): EffectiveLimits => {
    const { http, limits } = live.current();
    return effectiveLimits(http.maxConnections, limits, system);
  };
  let inForce = compute();
  live.onChange(() => {
    inForce = compute();
  });
  return () => inForce;
};

const quotasOf = (live: LiveConfig): Limits["quotas"] => {
  const publishes = new RateLimiter({
    now: () => performance.now(),
    remembered: 10_000,
    rate: () => {
      const { publishRatePerKey } = live.current().http;
      return publishRatePerKey === 0 ? undefined : { limit: publishRatePerKey, windowMs: 1_000 };
    },
  });
  const streams = new TokenStreams(() => live.current().http.maxStreamsPerToken);
  return {
    publish: (publisher) => publishes.take(publisher),
    stream: (token) => streams.take(token),
    streamClosed: (token) => streams.release(token),
  };
};

export const buildLimits = ({ live, log }: { readonly live: LiveConfig; readonly log: Log }): Limits => {
  const inForce = limitsOf(live);
  let bytesSent = 0;
  const usage = new UsageWatch({ limits: inForce, bytesSent: () => bytesSent, log });
  return {
    inForce,
    quotas: quotasOf(live),
    usage,
    admission: new Admission({
      settings: () => live.current().http,
      fullOf: () => usage.fullOf,
      now: () => performance.now(),
      log,
    }),
    counting: (metrics) => ({
      ...metrics,
      sent: (messages, bytes) => {
        bytesSent += bytes;
        metrics.sent(messages, bytes);
      },
    }),
    text: () => {
      const limits = inForce();
      return `At most ${limits.maxConnections} streams (set by ${limits.by}); new ones are refused above ${limitsText(limits)}`;
    },
  };
};
