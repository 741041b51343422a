import { addTo, takeFrom, type WrittenProof } from "./event-id.ts";

type Proof = Omit<WrittenProof, "set">;

/** Events whose sequences are kept; a channel that writes more between two comparisons gives ids without a proof. */
export const maxWindowEvents = 4_096;

/** What a merged channel has written since all its topics were last compared with the journal. */
export class WrittenWindow {
  readonly #maxEvents: number;
  /** Ascending, all after `#base`. */
  #sequences: number[] = [];
  /** Of all the sequences. */
  #sum = 0;
  #base = 0;
  /** Streams that stand here or later have everything up to here, though the channel may not have written it. */
  #lift = 0;
  /** Streams that stand here or later were told of what was given up until here. */
  #givenUpTo = 0;
  /** Up to here the sequences are not known. */
  #forgottenTo = 0;

  constructor(maxEvents: number) {
    this.#maxEvents = maxEvents;
  }

  /** Nothing is written yet; streams begin after `sequence`, or later. */
  reset(sequence: number): void {
    this.#sequences = [];
    this.#sum = 0;
    this.#base = 0;
    this.#forgottenTo = 0;
    this.#givenUpTo = 0;
    this.#lift = sequence;
  }

  /** Whoever goes on after `sequence` has read all up to it elsewhere. */
  lift(sequence: number): void {
    this.#lift = Math.max(this.#lift, sequence);
  }

  /** What the channel lacks up to `sequence` was told as a gap, and new streams may have got it elsewhere. */
  gaveUp(sequence: number): void {
    this.#givenUpTo = Math.max(this.#givenUpTo, sequence);
  }

  /** In any order. */
  wrote(sequence: number): void {
    const after = this.#sequences.findLastIndex((each) => each < sequence) + 1;
    this.#sequences.splice(after, 0, sequence);
    this.#sum = addTo(this.#sum, sequence);
    if (this.#sequences.length <= this.#maxEvents) return;
    this.#forgottenTo = Math.max(this.#forgottenTo, this.#drop(Math.ceil(this.#maxEvents / 4)));
  }

  /** Nothing up to `sequence` can come late any more. */
  settled(sequence: number): void {
    if (sequence <= this.#base) return;
    this.#base = sequence;
    const first = this.#sequences.findIndex((each) => each > sequence);
    this.#drop(first === -1 ? this.#sequences.length : first);
  }

  /** For a stream at `sequence` that was written all but `pending`; undefined: there is nothing to prove, or no way to. */
  proofAt(sequence: number, pending: readonly number[] = []): Proof | undefined {
    const lift = sequence >= this.#lift ? this.#lift : 0;
    const givenUpTo = sequence >= this.#givenUpTo && pending.length === 0 ? this.#givenUpTo : 0;
    const base = Math.max(this.#base, lift, givenUpTo);
    if (base >= sequence || base < this.#forgottenTo) return undefined;
    const isAll = base === this.#base && pending.length === 0 && (this.#sequences.at(-1) ?? 0) <= sequence;
    if (isAll) return { base, count: this.#sequences.length, sum: this.#sum };
    const written = this.#sequences.filter((each) => each > base && each <= sequence && !pending.includes(each));
    return { base, count: written.length, sum: written.reduce(addTo, 0) };
  }

  /** The last of the so many oldest that are forgotten. */
  #drop(count: number): number {
    const dropped = this.#sequences.splice(0, count);
    this.#sum = dropped.reduce(takeFrom, this.#sum);
    return dropped.at(-1) ?? 0;
  }
}
