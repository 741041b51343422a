/** Lets a bounded number of reads of the journal run at once, the others in the order they came. */
export class ReadGate {
  readonly #limit: () => number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** `limit` is asked each time a read comes or ends. */
  constructor(limit: () => number) {
    this.#limit = limit;
  }

  /** Reads under way. */
  get running(): number {
    return this.#running;
  }

  /** Reads that wait for one of these to end. */
  get waiting(): number {
    return this.#waiting.length;
  }

  async run<Result>(read: () => Promise<Result>): Promise<Result> {
    if (this.#running >= this.#limit()) await new Promise<void>((go) => this.#waiting.push(go));
    else this.#running += 1;
    try {
      return await read();
    } finally {
      this.#running -= 1;
      this.#letIn();
    }
  }

  #letIn(): void {
    while (this.#running < this.#limit()) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#running += 1;
      next();
    }
  }
}
