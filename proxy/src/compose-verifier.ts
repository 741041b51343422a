import { CallBudget } from "./auth/call-budget.ts";
import { checkSignature } from "./auth/check-signature.ts";
import { GuardedCalls } from "./auth/guarded-calls.ts";
import { KeySet } from "./auth/key-set.ts";
import { Upstream } from "./auth/upstream.ts";
import { UpstreamFiles } from "./auth/upstream-files.ts";
import { VerdictCache } from "./auth/verdict-cache.ts";
import { tokenVerifier, type VerifyToken } from "./auth/verify-token.ts";
import { askWebhook } from "./auth/webhook.ts";
import type { AuthParts } from "./compose-auth.ts";
import { systemClock } from "./system-clock.ts";

const { now } = systemClock;

/** Asks about tokens. */
export interface Verifier {
  readonly verify: VerifyToken;
  readonly files: UpstreamFiles;
  readonly upstream: Upstream;
  readonly guards: Guards;
}

interface Guards {
  /** The breaker before the upstream of this name. */
  of(name: string): GuardedCalls;
  /** Whether any of them is not closed. */
  readonly anyOpen: boolean;
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

const buildUpstream = ({ live, metrics: { instruments } }: AuthParts, files: UpstreamFiles): Upstream =>
  new Upstream({
    identity: () => files.identity(),
    timeoutMs: () => live.current().jwtVerifier.timeoutMs,
    allowPrivateAddresses: live.current().jwtVerifier.allowPrivateAddresses,
    clock: systemClock,
    took: (seconds) => instruments.verifier_duration_seconds.observe(seconds),
  });

/** One breaker for each upstream; the gauge tells whether any of them is not closed. */
const guards = ({ live, log, metrics: { instruments } }: AuthParts): Guards => {
  const { circuitBreakerThreshold: threshold, circuitBreakerTimeoutSec } = live.current().jwtVerifier;
  const made: GuardedCalls[] = [];
  const anyOpen = (): boolean => made.some((guard) => guard.open);
  const of = (name: string): GuardedCalls => {
    const calls = new GuardedCalls({
      threshold,
      openForMs: circuitBreakerTimeoutSec * 1_000,
      clock: systemClock,
      retries: () => live.current().jwtVerifier.retryAttempts,
    });
    made.push(calls);
    calls.onChange((open) => {
      instruments.circuit_breaker_state.set(anyOpen() ? 1 : 0);
      if (open) log.warn(`The circuit breaker before the ${name} is open`);
      else log.info(`The circuit breaker before the ${name} is closed again`);
    });
    return calls;
  };
  return {
    of,
    get anyOpen() {
      return anyOpen();
    },
  };
};

/** Builds the verifier that is configured. */
export const buildVerifier = (parts: AuthParts): Verifier => {
  const { live, log, metrics } = parts;
  const { instruments, tallied } = metrics;
  const settings = live.current().jwtVerifier;
  const { webhookUrl, jwksUrl } = settings;
  const files = upstreamFiles(parts);
  const upstream = buildUpstream(parts, files);
  const guard = guards(parts);
  const keySet =
    jwksUrl === undefined ? undefined : new KeySet({ url: jwksUrl, upstream, calls: guard.of("key set"), now, log });
  const rules = { keySet, rules: settings, webhookDecides: webhookUrl !== undefined, now };
  const verify = tokenVerifier({
    cache: new VerdictCache({ maxSize: settings.cacheMaxSize, now }),
    signature: keySet === undefined ? undefined : (question) => checkSignature({ ...rules, keySet }, question),
    webhook: webhookUrl === undefined ? undefined : (question) => askWebhook(upstream, webhookUrl, question),
    budget: new CallBudget({ perSec: () => live.current().jwtVerifier.rateLimitPerSec, now }),
    calls: guard.of("webhook"),
    settings: () => live.current().jwtVerifier,
    retryAfterSec: Math.min(settings.circuitBreakerTimeoutSec, 5),
    counts: {
      asked: tallied(instruments.auth_requests_total),
      hit: tallied(instruments.auth_cache_hits),
      missed: tallied(instruments.auth_cache_misses),
      failed: () => instruments.auth_failures_total.inc(),
    },
    now,
    log,
  });
  return { verify, files, upstream, guards: guard };
};
