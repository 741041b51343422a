export interface TokenStreamsParts {
  /** Asked for each stream; 0: none. */
  readonly limit: () => number;
  /** Streams that are open elsewhere with the token and count here too. */
  readonly elsewhere?: ((token: string) => number) | undefined;
  /** The token has so many streams here now. */
  readonly onChange?: ((token: string, streams: number) => void) | undefined;
}

/** Streams that are open with each token; tokens are named without being told. */
export class TokenStreams {
  readonly #parts: TokenStreamsParts;
  readonly #open = new Map<string, number>();

  constructor(parts: TokenStreamsParts) {
    this.#parts = parts;
  }

  /** Counts a stream; false: the token has all it may. */
  take(token: string): boolean {
    const limit = this.#parts.limit();
    const open = this.#open.get(token) ?? 0;
    if (limit > 0 && open + (this.#parts.elsewhere?.(token) ?? 0) >= limit) return false;
    this.#set(token, open + 1);
    return true;
  }

  /** A stream that was counted is closed; once for each. */
  release(token: string): void {
    this.#set(token, (this.#open.get(token) ?? 1) - 1);
  }

  /** Every token with open streams here. */
  all(): Iterable<readonly [token: string, streams: number]> {
    return this.#open;
  }

  #set(token: string, streams: number): void {
    if (streams > 0) this.#open.set(token, streams);
    else this.#open.delete(token);
    this.#parts.onChange?.(token, streams);
  }
}
