/** Streams that are open with each token; tokens are named without being told. */
export class TokenStreams {
  readonly #limit: () => number;
  readonly #open = new Map<string, number>();

  /** `limit` is asked for each stream; 0: none. */
  constructor(limit: () => number) {
    this.#limit = limit;
  }

  /** Counts a stream; false: the token has all it may. */
  take(token: string): boolean {
    const limit = this.#limit();
    const open = this.#open.get(token) ?? 0;
    if (limit > 0 && open >= limit) return false;
    this.#open.set(token, open + 1);
    return true;
  }

  /** A stream that was counted is closed; once for each. */
  release(token: string): void {
    const left = (this.#open.get(token) ?? 1) - 1;
    if (left > 0) this.#open.set(token, left);
    else this.#open.delete(token);
  }
}
