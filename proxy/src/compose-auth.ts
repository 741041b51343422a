import { hasVerifier } from "@revenprox/contract/config/jwt-verifier";
import { accessControl } from "./auth/access-control.ts";
import { CallBudget } from "./auth/call-budget.ts";
import { checkSignature } from "./auth/check-signature.ts";
import { GuardedCalls } from "./auth/guarded-calls.ts";
import { KeySet } from "./auth/key-set.ts";
import { LiveGrants } from "./auth/live-grants.ts";
import { PublishKeys } from "./auth/publish-keys.ts";
import { Upstream } from "./auth/upstream.ts";
import { UpstreamFiles } from "./auth/upstream-files.ts";
import { VerdictCache } from "./auth/verdict-cache.ts";
import { tokenVerifier, type VerifyToken } from "./auth/verify-token.ts";
import { askWebhook } from "./auth/webhook.ts";
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

export interface AuthParts {
  readonly live: LiveConfig;
  readonly log: Log;
  readonly instruments: Instruments;
  readonly rule: AccessRule;
  /** The client that a request counts for. */
  readonly clientOf: (origin: RequestOrigin) => string;
}

/** Who may read and publish, and what must be started before anybody is asked. */
export interface Auth {
  readonly publishing: PublishAccess;
  readonly readers: Readers;
  start(): Promise<void>;
  stop(): void;
}

const { now } = systemClock;

interface Verifier {
  readonly verify: VerifyToken;
  readonly files: UpstreamFiles;
  readonly upstream: Upstream;
}

const upstreamFiles = ({ live, log }: AuthParts): UpstreamFiles => {
  const { webhookHeadersFile, webhookCaFile, webhookClientCertFile, webhookClientKeyFile } = live.current().jwtVerifier;
  return new UpstreamFiles({
    log,
    paths: {
      headers: webhookHeadersFile,
      ca: webhookCaFile,
      cert: webhookClientCertFile,
      key: webhookClientKeyFile,
    },
  });
};

const buildUpstream = ({ live, instruments }: AuthParts, files: UpstreamFiles): Upstream =>
  new Upstream({
    identity: () => files.identity(),
    timeoutMs: () => live.current().jwtVerifier.timeoutMs,
    allowPrivateAddresses: live.current().jwtVerifier.allowPrivateAddresses,
    took: (seconds) => instruments.verifier_duration_seconds.observe(seconds),
  });

/** One breaker for each upstream; the gauge tells whether any of them is not closed. */
const guards = ({ live, log, instruments }: AuthParts) => {
  const { circuitBreakerThreshold: threshold, circuitBreakerTimeoutSec } = live.current().jwtVerifier;
  const made: GuardedCalls[] = [];
  return (name: string): GuardedCalls => {
    const calls = new GuardedCalls({
      threshold,
      openForMs: circuitBreakerTimeoutSec * 1_000,
      retries: () => live.current().jwtVerifier.retryAttempts,
    });
    made.push(calls);
    calls.onChange((open) => {
      instruments.circuit_breaker_state.set(made.some((guard) => guard.open) ? 1 : 0);
      if (open) log.warn(`The circuit breaker before the ${name} is open`);
      else log.info(`The circuit breaker before the ${name} is closed again`);
    });
    return calls;
  };
};

const buildVerifier = (parts: AuthParts): Verifier | undefined => {
  const { live, log, instruments } = parts;
  const settings = live.current().jwtVerifier;
  const { webhookUrl, jwksUrl } = settings;
  if (!hasVerifier(settings)) return undefined;
  const files = upstreamFiles(parts);
  const upstream = buildUpstream(parts, files);
  const guard = guards(parts);
  const keySet =
    jwksUrl === undefined ? undefined : new KeySet({ url: jwksUrl, upstream, calls: guard("key set"), now, log });
  const rules = { keySet, rules: settings, webhookDecides: webhookUrl !== undefined, now };
  const verify = tokenVerifier({
    cache: new VerdictCache({ maxSize: settings.cacheMaxSize, now }),
    signature: keySet === undefined ? undefined : (question) => checkSignature({ ...rules, keySet }, question),
    webhook: webhookUrl === undefined ? undefined : (question) => askWebhook(upstream, webhookUrl, question),
    budget: new CallBudget({ perSec: () => live.current().jwtVerifier.rateLimitPerSec, now }),
    calls: guard("webhook"),
    settings: () => live.current().jwtVerifier,
    retryAfterSec: Math.min(settings.circuitBreakerTimeoutSec, 5),
    counts: {
      asked: () => instruments.auth_requests_total.inc(),
      hit: () => instruments.auth_cache_hits.inc(),
      missed: () => instruments.auth_cache_misses.inc(),
      failed: () => instruments.auth_failures_total.inc(),
    },
    now,
    log,
  });
  return { verify, files, upstream };
};

const buildKeys = ({ live, log }: AuthParts): PublishKeys | undefined => {
  const { publishKeysDir } = live.current().http;
  return publishKeysDir === undefined ? undefined : new PublishKeys({ folder: publishKeysDir, log, now });
};

/** Builds the keys and the verifier that are configured. */
export const buildAuth = (parts: AuthParts): Auth => {
  const { live, instruments, rule, clientOf } = parts;
  const { circuitBreakerTimeoutSec } = live.current().jwtVerifier;
  const keys = buildKeys(parts);
  const verifier = buildVerifier(parts);
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
      asked: () => instruments.auth_requests_total.inc(),
      failed: () => instruments.auth_failures_total.inc(),
    },
  });
  const callers: CallerRules = { clientOf, allowQueryToken: () => live.current().http.allowQueryToken };
  return {
    publishing: rule.kind === "credentials" ? { kind: rule.kind, access, callers } : { kind: rule.kind },
    readers: { access, callers, retryMs: () => jitteredRetry(live.current().http.retryMs, Math.random) },
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
