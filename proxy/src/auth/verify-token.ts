import { LRUCache } from "lru-cache";
import type { Log } from "../hub/ports.ts";
import type { Soon } from "../hub/soon.ts";
import type { CallBudget, Caller } from "./call-budget.ts";
import type { Signed } from "./check-signature.ts";
import type { Guarded, GuardedCalls } from "./guarded-calls.ts";
import { matchesAny } from "./topic-pattern.ts";
import { UpstreamFailed } from "./upstream-answer.ts";
import { type Denied, denied, endOfLife, type Question, type Unavailable, type Verdict } from "./verdict.ts";
import { questionKey, type VerdictCache } from "./verdict-cache.ts";
import type { WebhookAnswer } from "./webhook.ts";

/** Settings that may change while verdicts are given. */
export interface VerdictSettings {
  readonly cacheTtlSec: number;
  readonly negativeCacheTtlSec: number;
}

/** Where verifications are counted. */
export interface VerdictCounts {
  asked(): void;
  hit(): void;
  missed(): void;
  failed(): void;
}

export interface VerifierParts {
  readonly cache: VerdictCache;
  /** Absent: no key set is configured. */
  readonly signature: ((question: Question) => Promise<Signed | Denied | Unavailable>) | undefined;
  /** Absent: no webhook is configured. Throws `UpstreamFailed`. */
  readonly webhook: ((question: Question) => Promise<WebhookAnswer>) | undefined;
  readonly budget: CallBudget;
  readonly calls: GuardedCalls;
  readonly settings: () => VerdictSettings;
  readonly retryAfterSec: number;
  readonly counts: VerdictCounts;
  readonly now: () => number;
  readonly log: Log;
}

/** A verdict that is in the cache is there at once. */
export type VerifyToken = (question: Question) => Soon<Verdict>;

const overLimit: Unavailable = {
  kind: "unavailable",
  reason: "the limit on verifications is reached",
  retryAfterSec: 1,
};

/** Tokens that were good once, for their share of the webhook's calls. */
const rememberedTokens = 100_000;

/** Cache, key set, rate limit, breaker, webhook: in this order. Never rejects. */
export const tokenVerifier = (parts: VerifierParts): VerifyToken => {
  const { cache, counts, settings } = parts;
  const underWay = new Map<string, Promise<Verdict>>();
  const known = new LRUCache<string, true>({ max: rememberedTokens });

  const ask = (question: Question, signed: Signed | undefined, client: string | undefined): Promise<Verdict> => {
    if (parts.webhook === undefined) return Promise.resolve(allowed(parts, signed, undefined));
    const name = `${question.name} ${question.action}`;
    const admitted = parts.budget.take(callerOf(name, signed !== undefined || known.has(name) ? undefined : client));
    if (admitted === undefined) return Promise.resolve(overLimit);
    return askUnderBreaker(parts, question, signed).then((verdict) => {
      admitted.leave();
      if (verdict.kind === "allowed") known.set(name, true);
      return verdict;
    });
  };

  const decide = (question: Question): Promise<Verdict> => {
    const client = question.client?.();
    if (parts.signature === undefined) return ask(question, undefined, client);
    return parts
      .signature(question)
      .then((signed) => (signed.kind === "signed" ? ask(question, signed, client) : signed));
  };

  /** One question at a time is asked once, however many ask it. */
  const decideOnce = (key: string, question: Question): Promise<Verdict> => {
    const asked = underWay.get(key);
    if (asked !== undefined) return asked;
    const decision = decide(question).then((verdict) => {
      underWay.delete(key);
      cache.keep(key, verdict, settings().negativeCacheTtlSec * 1_000);
      return verdict;
    });
    underWay.set(key, decision);
    return decision;
  };

  const given = (verdict: Verdict): Verdict => {
    if (verdict.kind !== "allowed") counts.failed();
    return verdict;
  };

  return (question) => {
    const key = questionKey(question);
    counts.asked();
    const cached = cache.get(key);
    if (cached === undefined) counts.missed();
    else counts.hit();
    return cached === undefined ? decideOnce(key, question).then(given) : given(cached);
  };
};

/** `stranger`: the client of a token that has not been good yet. */
const callerOf = (token: string, stranger: string | undefined): Caller => ({
  name: stranger ?? token,
  known: stranger === undefined,
});

/** Never rejects. */
const askUnderBreaker = (parts: VerifierParts, question: Question, signed: Signed | undefined): Promise<Verdict> => {
  const { webhook, calls, budget } = parts;
  if (webhook === undefined) return Promise.resolve(allowed(parts, signed, undefined));
  const call = (attempt: number): Promise<WebhookAnswer> =>
    attempt > 0 && !budget.takeAgain() ? Promise.reject(new UpstreamFailed(overLimit.reason)) : webhook(question);
  return calls.run(call).then((asked) => verdictAfter(parts, asked, { question, signed }));
};

interface Asked {
  readonly question: Question;
  readonly signed: Signed | undefined;
}

const verdictAfter = (parts: VerifierParts, said: Guarded<WebhookAnswer>, asked: Asked): Verdict => {
  const { log, retryAfterSec } = parts;
  const { span } = asked.question;
  switch (said.kind) {
    case "broken":
      return { kind: "unavailable", reason: "the verifier failed too often and is not asked now", retryAfterSec };
    case "failed":
      log.error(
        `Webhook verification failed: ${said.error instanceof Error ? said.error.message : "unknown"}`,
        span === undefined ? {} : { trace_id: span.traceId },
      );
      return { kind: "unavailable", reason: "the verifier gave no usable answer", retryAfterSec: 2 };
    case "answer":
      return verdictOf(parts, said.answer, asked);
  }
};

const verdictOf = (parts: VerifierParts, answer: WebhookAnswer, { question, signed }: Asked): Verdict => {
  switch (answer.kind) {
    case "later":
      return { kind: "unavailable", reason: "the verifier has too much to do", retryAfterSec: 2 };
    case "no":
      return denied(answer.of, "the verifier refused the token");
    case "yes":
      if (answer.topics !== undefined && !matchesAny(answer.topics, question.topic))
        return denied("topic", "the token is not for this topic");
      return allowed(parts, signed, answer);
  }
};

/** The earlier end of both; a verdict is never fresh beyond it. */
const allowed = (
  { settings, now }: Pick<VerifierParts, "settings" | "now">,
  signed: Signed | undefined,
  answer: Extract<WebhookAnswer, { kind: "yes" }> | undefined,
): Verdict => {
  const at = now();
  const answered = answer?.exp === undefined ? undefined : endOfLife(answer.exp, at);
  if (answer?.exp !== undefined && answered === undefined) return denied("token", "the token has expired");
  const ends = [signed?.until, answered].filter((end) => end !== undefined);
  const until = ends.length === 0 ? undefined : Math.min(...ends);
  const ttlSec = answer?.cacheTtlSec ?? settings().cacheTtlSec;
  const freshUntil = Math.min(at + ttlSec * 1_000, until ?? Number.POSITIVE_INFINITY);
  return { kind: "allowed", until, freshUntil, subject: answer?.subject ?? signed?.subject };
};
