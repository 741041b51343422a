import { hasVerifier } from "@revenprox/contract/config/jwt-verifier";
import { accessControl } from "./auth/access-control.ts";
import { LiveGrants } from "./auth/live-grants.ts";
import { PublishKeys } from "./auth/publish-keys.ts";
import type { Verifier } from "./compose-verifier.ts";
import type { LiveConfig } from "./config/live-config.ts";
import type { CallerRules } from "./edge/access.ts";
import type { RequestOrigin } from "./edge/exchange.ts";
import type { AccessRule } from "./edge/publish-access.ts";
import type { PublishAccess } from "./edge/publish-route.ts";
import type { Readers } from "./edge/subscribe-route.ts";
import { jitteredRetry } from "./hub/drain.ts";
import type { Log } from "./hub/ports.ts";
import { systemClock } from "./system-clock.ts";
import type { Instruments } from "./telemetry/instruments.ts";
import type { Metrics } from "./telemetry/scrape.ts";
import { tallied } from "./telemetry/tallied.ts";

export interface AuthParts {
  readonly live: LiveConfig;
  readonly log: Log;
  readonly instruments: Instruments;
  readonly beforeScrape: Metrics["beforeScrape"];
  readonly rule: AccessRule;
  /** The client that a request counts for. */
  readonly clientOf: (origin: RequestOrigin) => string;
}

/** Who may read and publish, and what must be started before anybody is asked. */
export interface Auth {
  readonly publishing: PublishAccess;
  readonly readers: Readers;
  /** `open` also half-open; `none` without a verifier. */
  breaker(): "closed" | "open" | "none";
  start(): Promise<void>;
  stop(): void;
}

const { now } = systemClock;

const buildKeys = ({ live, log }: AuthParts): PublishKeys | undefined => {
  const { publishKeysDir } = live.current().http;
  return publishKeysDir === undefined ? undefined : new PublishKeys({ folder: publishKeysDir, log, now });
};

/** Loaded only where there is one. */
const verifierOf = async (parts: AuthParts): Promise<Verifier | undefined> => {
  if (!hasVerifier(parts.live.current().jwtVerifier)) return undefined;
  const { buildVerifier } = await import("./compose-verifier.ts");
  return buildVerifier(parts);
};

/** Builds the keys and the verifier that are configured. */
export const buildAuth = async (parts: AuthParts): Promise<Auth> => {
  const { live, instruments, beforeScrape, rule, clientOf } = parts;
  const countAsked = tallied(beforeScrape, instruments.auth_requests_total);
  const { circuitBreakerTimeoutSec } = live.current().jwtVerifier;
  const keys = buildKeys(parts);
  const verifier = await verifierOf(parts);
  const grants = new LiveGrants({
    clock: systemClock,
    checksPerSec: () => live.current().jwtVerifier.rateLimitPerSec / 2,
    graceMs: circuitBreakerTimeoutSec * 1_000,
  });
  const access = accessControl({
    keys,
    verify: verifier?.verify,
    grants,
    requireToken: () => live.current().jwtVerifier.requireAuthentication ?? true,
    counts: {
      asked: () => countAsked(1),
      failed: () => instruments.auth_failures_total.inc(),
    },
  });
  const callers: CallerRules = { clientOf, allowQueryToken: () => live.current().http.allowQueryToken };
  return {
    publishing: rule.kind === "credentials" ? { kind: rule.kind, access, callers } : { kind: rule.kind },
    readers: { access, callers, retryMs: () => jitteredRetry(live.current().http.retryMs, Math.random) },
    breaker: () => {
      if (verifier === undefined) return "none";
      return verifier.guards.anyOpen ? "open" : "closed";
    },
    start: async () => {
      await Promise.all([keys?.start(), verifier?.files.start()]);
    },
    stop: () => {
      keys?.stop();
      grants.stop();
      verifier?.files.stop();
      verifier?.upstream.stop();
    },
  };
};
