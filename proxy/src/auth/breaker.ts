export interface BreakerSettings {
  /** Failures in a row that open it. */
  readonly threshold: number;
  readonly openForMs: number;
  readonly now: () => number;
}

/** How a call came to be made; the probe is the one by which an open breaker finds out. */
export type Turn = "call" | "probe";

/** Keeps calls from an upstream that has failed so many times in a row: for a while from all, then from all but one. */
export class Breaker {
  readonly #settings: BreakerSettings;
  #failures = 0;
  #openSince: number | undefined;
  #probing = false;
  #told: (open: boolean) => void = () => undefined;

  constructor(settings: BreakerSettings) {
    this.#settings = settings;
  }

  /** Also while a probe is under way. */
  get open(): boolean {
    return this.#openSince !== undefined;
  }

  /** `told` when it opens, when a probe has failed, and when it closes. */
  onChange(told: (open: boolean) => void): void {
    this.#told = told;
  }

  /** Undefined: the call must not be made. Else its end must be told. */
  begin(): Turn | undefined {
    if (this.#openSince === undefined) return "call";
    // Others do not wait for the probe's end, which may be far.
    if (this.#probing || this.#settings.now() - this.#openSince < this.#settings.openForMs) return undefined;
    this.#probing = true;
    return "probe";
  }

  succeeded(turn: Turn): void {
    if (turn === "probe") this.#close();
    // One that began before the breaker opened says nothing of now.
    else if (!this.open) this.#failures = 0;
  }

  failed(turn: Turn): void {
    if (turn === "call" && this.open) return;
    this.#failures += 1;
    if (turn === "probe" || this.#failures >= this.#settings.threshold) this.#trip();
  }

  #trip(): void {
    this.#openSince = this.#settings.now();
    this.#probing = false;
    this.#told(true);
  }

  #close(): void {
    this.#openSince = undefined;
    this.#probing = false;
    this.#failures = 0;
    this.#told(false);
  }
}
