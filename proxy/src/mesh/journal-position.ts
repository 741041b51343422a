import type { Cursor } from "../hub/ports.ts";

/** What this process knows of the journal's place: its epoch and the highest sequence it has proof of. */
export class JournalPosition {
  #epoch: number | undefined;
  #highest = 0;

  get known(): Cursor | undefined {
    return this.#epoch === undefined ? undefined : { epoch: this.#epoch, sequence: this.#highest };
  }

  get epoch(): number | undefined {
    return this.#epoch;
  }

  get highest(): number {
    return this.#highest;
  }

  /** `sequence` is stored in the journal. */
  note(sequence: number): void {
    if (sequence > this.#highest) this.#highest = sequence;
  }

  /** A new epoch; `sequence` is given where sequences began anew. */
  begin(epoch: number, sequence?: number): void {
    this.#epoch = epoch;
    if (sequence !== undefined) this.#highest = sequence;
  }
}
