/** The sequences of a topic's newest events, oldest first: tells how many events a stream is behind. */
export class Backlog {
  #sequences: number[] = [];
  #start = 0;
  /** Events that were forgotten, so that `count` never goes back. */
  #forgotten = 0;

  /** All events that were ever added. */
  get count(): number {
    return this.#forgotten + this.#sequences.length - this.#start;
  }

  add(sequence: number): void {
    this.#sequences.push(sequence);
  }

  /** How many of all events lie at or before `cursor`; right for cursors that are not older than what is kept. */
  countAt(cursor: number): number {
    let low = this.#start;
    let high = this.#sequences.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sequences[middle] ?? 0) <= cursor) low = middle + 1;
      else high = middle;
    }
    return this.#forgotten + low - this.#start;
  }

  /** Sequence of the event with this number, counted from 1; undefined where it is no longer, or not yet, known. */
  sequenceOf(number: number): number | undefined {
    const index = this.#start + number - this.#forgotten - 1;
    return index < this.#start ? undefined : this.#sequences[index];
  }

  /** Forgets all but the newest `keep`. */
  trim(keep: number): void {
    const surplus = this.#sequences.length - this.#start - keep;
    if (surplus <= 0) return;
    this.#start += surplus;
    this.#forgotten += surplus;
    if (this.#start * 2 < this.#sequences.length) return;
    this.#sequences = this.#sequences.slice(this.#start);
    this.#start = 0;
  }

  clear(): void {
    this.trim(0);
  }
}
