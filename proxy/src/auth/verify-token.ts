import { LRUCache } from "lru-cache";
import type { Log } from "../hub/ports.ts";
import type { Soon } from "../hub/soon.ts";
import type { CallBudget, Caller } from "./call-budget.ts";
import type { Signed } from "./check-signature.ts";
import type { GuardedCalls } from "./guarded-calls.ts";
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

/** Tokens that were good once, for their share of the webhook's calls. */
const rememberedTokens = 100_000;

/** Cache, key set, rate limit, breaker, webhook: in this order. Never rejects. */
export const tokenVerifier = (parts: VerifierParts): VerifyToken => {
  const { cache, counts, settings } = parts;
  const underWay = new Map<string, Promise<Verdict>>();
  const known = new LRUCache<string, true>({ max: rememberedTokens });

  const decide = async (question: Question): Promise<Verdict> => {
    const client = question.client?.();
    const signed = await parts.signature?.(question);
    if (signed !== undefined && signed.kind !== "signed") return signed;
    if (parts.webhook === undefined) return allowed(parts, signed, undefined);
    const name = `${question.name} ${question.action}`;
    const release = parts.budget.take(callerOf(name, signed !== undefined || known.has(name) ? undefined : client));
    if (release === undefined)
      return { kind: "unavailable", reason: "the limit on verifications is reached", retryAfterSec: 1 };
    const verdict = await askUnderBreaker(parts, question, signed).finally(release);
    if (verdict.kind === "allowed") known.set(name, true);
    return verdict;
  };

  /** One question at a time is asked once, however many ask it. */
  const decideOnce = (key: string, question: Question): Promise<Verdict> => {
    const asked = underWay.get(key);
    if (asked !== undefined) return asked;
    const decision = decide(question).then((verdict) => {
      cache.keep(key, verdict, settings().negativeCacheTtlSec * 1_000);
      return verdict;
    });
    underWay.set(key, decision);
    return decision.finally(() => underWay.delete(key));
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

const askUnderBreaker = async (
  parts: VerifierParts,
  question: Question,
  signed: Signed | undefined,
): Promise<Verdict> => {
  const { webhook, calls, budget, log, retryAfterSec } = parts;
  if (webhook === undefined) return allowed(parts, signed, undefined);
  const asked = await calls.run((attempt) => {
    if (attempt > 0 && !budget.takeAgain()) throw new UpstreamFailed("the limit on verifications is reached");
    return webhook(question);
  });
  switch (asked.kind) {
    case "broken":
      return { kind: "unavailable", reason: "the verifier failed too often and is not asked now", retryAfterSec };
    case "failed":
      log.error(
        `Webhook verification failed: ${asked.error instanceof Error ? asked.error.message : "unknown"}`,
        question.span === undefined ? {} : { trace_id: question.span.traceId },
      );
      return { kind: "unavailable", reason: "the verifier gave no usable answer", retryAfterSec: 2 };
    case "answer":
      return verdictOf(parts, asked.answer, { question, signed });
  }
};

const verdictOf = (
  parts: VerifierParts,
  answer: WebhookAnswer,
  { question, signed }: { readonly question: Question; readonly signed: Signed | undefined },
): Verdict => {
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
