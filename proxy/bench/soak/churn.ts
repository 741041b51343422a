import type { RunningSubject } from "../subjects/subject.ts";
import { ChurnedStream, type ChurnTally, newTally } from "./churned-stream.ts";

export interface ChurnOptions {
  readonly streams: number;
  readonly topics: number;
  /** Streams that leave and come back each second. */
  readonly perSecond: number;
}

const turnMs = 50;
/** Streams opened each second at the beginning. */
const openingRate = 1_000;
const perAddress = 1_000;

/** Streams that leave and come back all the time, the one that was longest there first. */
export class Churn {
  readonly tally: ChurnTally = newTally();
  readonly #streams: readonly ChurnedStream[];
  readonly #perSecond: number;
  #next = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor({ target, stream: { path } }: RunningSubject, { streams, topics, perSecond }: ChurnOptions) {
    const [host = "", port] = target.split(":");
    this.#perSecond = perSecond;
    this.#streams = Array.from({ length: streams }, (_, index) => {
      const source = `127.0.9.${1 + Math.floor(index / perAddress)}`;
      const topic = path.replace("{topic}", `bench-${index % topics}`);
      return new ChurnedStream({ host, port: Number(port), path: topic, source }, this.tally);
    });
  }

  get open(): number {
    return this.#streams.filter(({ open }) => open).length;
  }

  /** Opens all of them; resolves when the last one has its first bytes. Throws after a minute. */
  async begin(): Promise<void> {
    this.#every(openingRate, this.#streams.length);
    const end = performance.now() + 60_000;
    while (this.tally.opened < this.#streams.length) {
      if (performance.now() > end) throw new Error(`only ${this.tally.opened} streams opened: ${this.tally.fault}`);
      await new Promise((resolve) => setTimeout(resolve, turnMs));
    }
    this.#stopTimer();
    this.#every(this.#perSecond);
  }

  stop(): void {
    this.#stopTimer();
    for (const stream of this.#streams) stream.close();
  }

  #every(perSecond: number, end = Number.POSITIVE_INFINITY): void {
    const began = performance.now();
    const first = this.#next;
    this.#timer = setInterval(() => {
      const due = Math.min(end, first + Math.floor(((performance.now() - began) / 1_000) * perSecond));
      for (; this.#next < due; this.#next += 1) this.#streams[this.#next % this.#streams.length]?.reopen();
    }, turnMs);
  }

  #stopTimer(): void {
    clearInterval(this.#timer);
  }
}
