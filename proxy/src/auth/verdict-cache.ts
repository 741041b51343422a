import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Allowed, Denied, Question, Verdict } from "./verdict.ts";

type Kept<V extends Verdict> = { readonly verdict: V; readonly until: number };

/** Names a token without holding it. */
export const tokenName = (token: string): string => hash("sha256", token, "base64url");

/** Names a question. */
export const questionKey = ({ name, topicId, action }: Question): string => `${name} ${topicId} ${action}`;

/** Verdicts by question. Those that deny are kept apart, so that bad tokens push no good ones out. */
export class VerdictCache {
  readonly #allowed: LRUCache<string, Kept<Allowed>>;
  readonly #denied: LRUCache<string, Kept<Denied>>;
  readonly #now: () => number;

  constructor(parts: { readonly maxSize: number; readonly now: () => number }) {
    this.#allowed = new LRUCache({ max: parts.maxSize });
    this.#denied = new LRUCache({ max: parts.maxSize });
    this.#now = parts.now;
  }

  get(key: string): Verdict | undefined {
    const now = this.#now();
    const allowed = this.#allowed.get(key);
    if (allowed !== undefined && now < allowed.until) return allowed.verdict;
    const denial = this.#denied.get(key);
    return denial !== undefined && now < denial.until ? denial.verdict : undefined;
  }

  /** Keeps the latest verdict only; one that is unavailable says nothing. */
  keep(key: string, verdict: Verdict, negativeTtlMs: number): void {
    if (verdict.kind === "allowed") {
      this.#denied.delete(key);
      this.#allowed.set(key, { verdict, until: verdict.freshUntil });
    } else if (verdict.kind === "denied") {
      this.#allowed.delete(key);
      if (negativeTtlMs > 0) this.#denied.set(key, { verdict, until: this.#now() + negativeTtlMs });
    }
  }
}
