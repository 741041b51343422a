/** Streams that are open with each token; tokens are named without being told. */
export class TokenStreams {
  readonly #limit: () => number;
  readonly #open = new Map<string, number>();

  /** `limit` is asked for each stream; 0: none. */
  constructor(limit: () => number) {
    this.#limit = limit;
  }

  /** Counts a stream and returns what says that it is closed; undefined: the token has all it may. */
  take(token: string): (() => void) | undefined {
    const limit = this.#limit();
    const open = this.#open.get(token) ?? 0;
    if (limit > 0 && open >= limit) return undefined;
    this.#open.set(token, open + 1);
    let counted = true;
    return () => {
      if (counted) this.#release(token);
      counted = false;
    };
  }

  #release(token: string): void {
    const left = (this.#open.get(token) ?? 1) - 1;
    if (left > 0) this.#open.set(token, left);
    else this.#open.delete(token);
  }
}
