import type { Clock } from "../hub/ports.ts";

/** What one event loop has admitted since it last told the others. */
export interface Admitted {
  readonly loop: number;
  /** Open streams. */
  readonly streams: number;
  /** Client addresses and publishers whose requests were taken, as often as they were. */
  readonly clients: readonly string[];
  readonly publishers: readonly string[];
  /** Tokens whose number of open streams has changed, with the number. */
  readonly tokens: readonly (readonly [token: string, streams: number])[];
}

export interface SharedUseParts {
  readonly loop: number;
  readonly clock: Pick<Clock, "after">;
  /** Tells the other loops. */
  readonly tell: (admitted: Admitted) => void;
}

interface OtherLoop {
  streams: number;
  readonly tokens: Map<string, number>;
}

/** Milliseconds that are gathered into one message: within it a limit can be passed by what other loops admit. */
const gatherMs = 10;

/** What the event loops of one proxy tell each other, so that limits hold for all of them together. */
export class SharedUse {
  readonly #parts: SharedUseParts;
  readonly #others = new Map<number, OtherLoop>();
  #streams = 0;
  #clients: string[] = [];
  #publishers: string[] = [];
  readonly #tokens = new Map<string, number>();
  #waiting = false;

  constructor(parts: SharedUseParts) {
    this.#parts = parts;
  }

  /** Streams that are open on the other loops. */
  get streamsElsewhere(): number {
    let sum = 0;
    for (const { streams } of this.#others.values()) sum += streams;
    return sum;
  }

  /** Of these, those with this token. */
  ofToken(token: string): number {
    let sum = 0;
    for (const { tokens } of this.#others.values()) sum += tokens.get(token) ?? 0;
    return sum;
  }

  /** One stream more, or less, is open here. */
  streamsChanged(by: 1 | -1): void {
    this.#streams += by;
    this.#soon();
  }

  clientTaken(client: string): void {
    this.#clients.push(client);
    this.#soon();
  }

  publisherTaken(publisher: string): void {
    this.#publishers.push(publisher);
    this.#soon();
  }

  tokenChanged(token: string, streams: number): void {
    this.#tokens.set(token, streams);
    this.#soon();
  }

  /** What another loop has told. */
  heard({ loop, streams, tokens }: Admitted): void {
    const other = this.#others.get(loop) ?? { streams: 0, tokens: new Map<string, number>() };
    this.#others.set(loop, other);
    other.streams = streams;
    for (const [token, open] of tokens)
      if (open > 0) other.tokens.set(token, open);
      else other.tokens.delete(token);
  }

  /** Another loop is gone with its streams. */
  gone(loop: number): void {
    this.#others.delete(loop);
  }

  /** Tells `all` tokens that have streams here, and how many streams there are, to a loop that has just come. */
  tellAgain(all: Iterable<readonly [token: string, streams: number]>): void {
    for (const [token, streams] of all) this.#tokens.set(token, streams);
    this.#soon();
  }

  #soon(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    this.#parts.clock.after(gatherMs, () => this.#tell());
  }

  #tell(): void {
    const told = {
      loop: this.#parts.loop,
      streams: this.#streams,
      clients: this.#clients,
      publishers: this.#publishers,
      tokens: [...this.#tokens],
    };
    this.#waiting = false;
    this.#clients = [];
    this.#publishers = [];
    this.#tokens.clear();
    this.#parts.tell(told);
  }
}
