import {
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
} from "jose";
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

/** Claims are looked at only once the signature is right. */
const ofClaims = (error: unknown): boolean =>
  error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed;

/** Of a token that names no key any of those for its algorithm may be meant: while keys are rotated there are two. */
const payloadOf = async (token: string, keys: JWTVerifyGetKey, options: JWTVerifyOptions): Promise<JWTPayload> => {
  try {
    return (await jwtVerify(token, keys, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      try {
        return (await jwtVerify(token, key, options)).payload;
      } catch (fault) {
        if (ofClaims(fault)) throw fault;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
};

/** Whether the token may be of a key that is not in the set yet. */
const ofUnknownKey = (error: unknown, token: string): boolean =>
  error instanceof errors.JWKSNoMatchingKey ||
  (error instanceof errors.JWSSignatureVerificationFailed && decodeProtectedHeader(token).kid === undefined);

const optionsOf = ({ rules, now }: SignatureParts): JWTVerifyOptions => {
  const { algorithms, issuer, audience } = rules;
  return {
    algorithms: [...algorithms],
    clockTolerance: clockToleranceMs / 1_000,
    currentDate: new Date(now()),
    requiredClaims: ["exp"],
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
  };
};

type Checked = Verified | Denied | Unavailable;

/** `unknownKey`: what comes of a token that may be of a key that is not in the set. */
const verifyBySet = async (
  parts: SignatureParts,
  token: string,
  unknownKey: (refusal: Denied) => Checked | Promise<Checked>,
): Promise<Checked> => {
  const keys = await parts.keySet.keys();
  if (keys === undefined) return { kind: "unavailable", reason: "there is no key set yet", retryAfterSec: 2 };
  try {
    return { kind: "verified", payload: await payloadOf(token, keys, optionsOf(parts)) };
  } catch (error) {
    const refusal = denied("token", reasonOf(error));
    return ofUnknownKey(error, token) ? unknownKey(refusal) : refusal;
  }
};

const verify = (parts: SignatureParts, token: string): Promise<Checked> =>
  verifyBySet(parts, token, async (refusal) => {
    const refreshed = await parts.keySet.refresh();
    if (refreshed.kind === "fetched") return verifyBySet(parts, token, (again) => again);
    if (refreshed.kind === "too-soon") return refusal;
    // An issuer that cannot be asked has not said no: its newest key may be the token's.
    return { kind: "unavailable", reason: "the key set cannot be fetched", retryAfterSec: refreshed.retryAfterSec };
  });

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
