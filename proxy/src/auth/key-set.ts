import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import type { Log } from "../hub/ports.ts";
import type { GuardedCalls } from "./guarded-calls.ts";
import type { Upstream } from "./upstream.ts";
import { UpstreamFailed } from "./upstream-answer.ts";

/** A key that is not known makes the set be fetched again, but not more often than this. */
const refreshAtMostEveryMs = 30_000;

/** A set this old is fetched again in the background, so that a key that was taken away does not live on. */
const freshForMs = 300_000;

/** While there is no set at all. */
const firstAgainAfterMs = 1_000;

const maxSetBytes = 1_048_576;

/** What came of looking for a key that is not in the set. `failed`: whether the issuer has it could not be learned. */
export type Refreshed =
  | { readonly kind: "fetched" }
  | { readonly kind: "too-soon" }
  | { readonly kind: "failed"; readonly retryAfterSec: number };

export interface KeySetParts {
  readonly url: string;
  readonly upstream: Pick<Upstream, "call">;
  readonly calls: GuardedCalls;
  readonly now: () => number;
  readonly log: Log;
}

const isKeySet = (value: unknown): value is JSONWebKeySet =>
  typeof value === "object" && value !== null && "keys" in value && Array.isArray(value.keys);

const parseKeySet = (body: string): JSONWebKeySet => {
  try {
    const value: unknown = JSON.parse(body);
    if (isKeySet(value)) return value;
  } catch (cause) {
    throw new UpstreamFailed("the key set is not JSON", { cause });
  }
  throw new UpstreamFailed("the key set has no keys");
};

/** The keys behind a URL, fetched once and again when they are old or one is not known. */
export class KeySet {
  readonly #parts: KeySetParts;
  #keys: JWTVerifyGetKey | undefined;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #triedAt = Number.NEGATIVE_INFINITY;
  #lastFailed = false;
  #fetching: Promise<void> | undefined;

  constructor(parts: KeySetParts) {
    this.#parts = parts;
  }

  /** The keys; undefined while they could never be fetched. */
  async keys(): Promise<JWTVerifyGetKey | undefined> {
    const now = this.#parts.now();
    if (this.#keys === undefined && now - this.#triedAt >= firstAgainAfterMs) await this.#fetch();
    else if (this.#fetching !== undefined && this.#keys === undefined) await this.#fetching;
    else if (now - this.#fetchedAt > freshForMs && now - this.#triedAt >= refreshAtMostEveryMs) void this.#fetch();
    return this.#keys;
  }

  /** A token is of a key that is not in the set: fetches it anew, unless that was done just now. */
  async refresh(): Promise<Refreshed> {
    const before = this.#fetchedAt;
    if (this.#fetching !== undefined) await this.#fetching;
    else if (this.#parts.now() - this.#triedAt >= refreshAtMostEveryMs) await this.#fetch();
    if (this.#fetchedAt !== before) return { kind: "fetched" };
    return this.#lastFailed ? { kind: "failed", retryAfterSec: refreshAtMostEveryMs / 1_000 } : { kind: "too-soon" };
  }

  #fetch(): Promise<void> {
    this.#triedAt = this.#parts.now();
    this.#fetching ??= this.#fetchOnce().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #fetchOnce(): Promise<void> {
    const { url, upstream, calls, now, log } = this.#parts;
    const fetched = await calls.run(async () => {
      const { status, body } = await upstream.call({ url, maxBytes: maxSetBytes });
      if (status !== 200) throw new UpstreamFailed(`HTTP ${status}`);
      return createLocalJWKSet(parseKeySet(body));
    });
    this.#lastFailed = fetched.kind !== "answer";
    if (fetched.kind === "answer") {
      this.#keys = fetched.answer;
      this.#fetchedAt = now();
    } else if (fetched.kind === "failed") {
      const why = fetched.error instanceof UpstreamFailed ? fetched.error.message : "it cannot be used";
      log.warn(`The key set of jwt_verifier.jwks_url cannot be fetched: ${why}`);
    }
  }
}
