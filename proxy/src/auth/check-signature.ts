import { errors, type JWTPayload, jwtVerify } from "jose";
import type { KeySet } from "./key-set.ts";
import { matchesAny, patternList } from "./topic-pattern.ts";
import { clockToleranceMs, type Denied, denied, endOfLife, type Question, type Unavailable } from "./verdict.ts";

export interface SignatureRules {
  readonly algorithms: readonly string[];
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
  readonly topicsClaim?: string | undefined;
  readonly publishTopicsClaim?: string | undefined;
}

export interface SignatureParts {
  readonly keySet: KeySet;
  readonly rules: SignatureRules;
  /** Whether a webhook decides too, so that a token may publish although no claim says so. */
  readonly webhookDecides: boolean;
  readonly now: () => number;
}

/** A token whose signature and claims are right; `until` in milliseconds. */
export type Signed = { readonly kind: "signed"; readonly until: number; readonly subject: string | undefined };

const reasonOf = (error: unknown): string => {
  if (error instanceof errors.JWTExpired) return "the token has expired";
  if (error instanceof errors.JWTClaimValidationFailed) return `the token's ${error.claim} claim is not accepted`;
  if (error instanceof errors.JOSEAlgNotAllowed) return "the token's signature algorithm is not allowed";
  if (error instanceof errors.JWKSNoMatchingKey) return "the token's key is not in the key set";
  if (error instanceof errors.JWSSignatureVerificationFailed) return "the token's signature is wrong";
  return "the token is no JWT that can be verified";
};

type Verified = { readonly kind: "verified"; readonly payload: JWTPayload };

const verify = async (
  { keySet, rules, now }: SignatureParts,
  token: string,
): Promise<Verified | Denied | Unavailable> => {
  const { algorithms, issuer, audience } = rules;
  const options = {
    algorithms: [...algorithms],
    clockTolerance: clockToleranceMs / 1_000,
    currentDate: new Date(now()),
    requiredClaims: ["exp"],
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
  };
  const attempt = async (mayRefresh: boolean): Promise<Verified | Denied | Unavailable> => {
    const keys = await keySet.keys();
    if (keys === undefined) return { kind: "unavailable", reason: "there is no key set yet", retryAfterSec: 2 };
    try {
      return { kind: "verified", payload: (await jwtVerify(token, keys, options)).payload };
    } catch (error) {
      if (mayRefresh && error instanceof errors.JWKSNoMatchingKey && (await keySet.refresh())) return attempt(false);
      return denied("token", reasonOf(error));
    }
  };
  return attempt(true);
};

const allowsTopic = (payload: JWTPayload, claim: string, topic: string): boolean => {
  const value = payload[claim];
  const patterns = typeof value === "string" ? [value] : patternList(value);
  return patterns !== undefined && matchesAny(patterns, topic);
};

const topicDenial = (
  { rules, webhookDecides }: SignatureParts,
  payload: JWTPayload,
  question: Question,
): Denied | undefined => {
  const claim = question.action === "subscribe" ? rules.topicsClaim : rules.publishTopicsClaim;
  if (claim !== undefined)
    return allowsTopic(payload, claim, question.topic) ? undefined : denied("topic", "the token is not for this topic");
  // A token that may read everything must not publish for that reason alone.
  if (question.action === "publish" && !webhookDecides) return denied("topic", "the token may not publish");
  return undefined;
};

/** Checks a token against the key set. Key references inside the token (jku, x5u, jwk) are ignored. */
export const checkSignature = async (
  parts: SignatureParts,
  question: Question,
): Promise<Signed | Denied | Unavailable> => {
  const verified = await verify(parts, question.token);
  if (verified.kind !== "verified") return verified;
  const { payload } = verified;
  const { exp, sub } = payload;
  const until = endOfLife(exp ?? 0, parts.now());
  if (until === undefined) return denied("token", "the token has expired");
  return topicDenial(parts, payload, question) ?? { kind: "signed", until, subject: sub };
};
