import { ByteLog } from "./byte-log.ts";

/** Bytes that the frames of all rings may take together; the journal has what rings let go. */
export const defaultRingBudgetBytes = 67_108_864;

/** What a frame takes besides its bytes, holes in the log's segments included. */
export const frameOverhead = 160;

/** Has frames in the store, in the order in which they came. */
export interface FrameOwner {
  /** Its oldest frame must go. */
  dropOldest(): void;
}

const kinds = ["event", "gap"] as const;
export type FrameKind = (typeof kinds)[number];

export interface StoredFrame {
  readonly kind: FrameKind;
  readonly bytes: Uint8Array;
}

/** Frames of many rings; the oldest of all goes first. */
export class FrameStore {
  readonly maxBytes: number;
  /** The value of an entry is the place of its kind among `kinds`. */
  readonly #log = new ByteLog<FrameOwner>();

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#log.bytes + this.#log.entries * frameOverhead;
  }

  /** Returns the frame's number. It is there until its owner removes it, which may be asked to in here: not for the frame itself. */
  append(owner: FrameOwner, kind: FrameKind, bytes: Uint8Array): number {
    const number = this.#log.append(owner, kinds.indexOf(kind), bytes);
    while (this.bytes > this.maxBytes && this.#log.entries > 1) this.#log.oldestOwner?.dropOldest();
    return number;
  }

  /** The bytes hold more memory than their own, for as long as somebody has them. */
  at(number: number): StoredFrame {
    const { value, bytes } = this.#log.at(number);
    return { kind: kinds[value] ?? "event", bytes };
  }

  kindOf(number: number): FrameKind {
    return kinds[this.#log.valueOf(number)] ?? "event";
  }

  /** The frame's bytes, overhead included. */
  sizeOf(number: number): number {
    return this.#log.at(number).bytes.length + frameOverhead;
  }

  /** Returns the frame's bytes, overhead included. */
  remove(number: number): number {
    return this.#log.remove(number) + frameOverhead;
  }
}
