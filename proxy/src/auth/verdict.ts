import type { Span } from "../hub/tracing.ts";

export type Action = "subscribe" | "publish";

/** What a token is to be checked for. */
export interface Question {
  readonly token: string;
  /** Names the token without telling it (`tokenName`), so that it is hashed once a request. */
  readonly name: string;
  readonly topic: string;
  /** 32 hex digits. */
  readonly topicId: string;
  readonly action: Action;
  /**
   * Who asks, for a fair share of the verifier's calls: an address, or a prefix of it. To be asked in the same turn.
   * Undefined where an open stream asks again: its token was good.
   */
  readonly client: (() => string) | undefined;
  /** The request that the question is asked for. */
  readonly span?: Span | undefined;
}

/** The answer to a question; times are in milliseconds since 1970. Reasons are ours, never an upstream's words. */
export type Verdict =
  | {
      readonly kind: "allowed";
      /** End of the token's life; undefined when it has none. */
      readonly until: number | undefined;
      /** When the question must be asked again. */
      readonly freshUntil: number;
      readonly subject: string | undefined;
    }
  /** `of` says whether the token is no good at all, or not for this topic and action. */
  | { readonly kind: "denied"; readonly of: "token" | "topic"; readonly reason: string }
  | { readonly kind: "unavailable"; readonly reason: string; readonly retryAfterSec: number };

export type Allowed = Extract<Verdict, { kind: "allowed" }>;
export type Denied = Extract<Verdict, { kind: "denied" }>;
export type Unavailable = Extract<Verdict, { kind: "unavailable" }>;

export const denied = (of: Denied["of"], reason: string): Denied => ({ kind: "denied", of, reason });

/** Clocks of issuers may differ from ours by so much. */
export const clockToleranceMs = 30_000;

/**
 * When a token with this `exp` (seconds since 1970) ends; undefined when it has ended.
 * One that comes within the tolerance gets the rest of it, so that it is not ended the moment it was accepted.
 */
export const endOfLife = (exp: number, now: number): number | undefined => {
  const end = exp * 1_000;
  if (end > now) return end;
  return end + clockToleranceMs > now ? end + clockToleranceMs : undefined;
};
