import type { PublishedEvent, Topic } from "./event.ts";
import { encodedFrame, type FrameEncoding } from "./frame-encoding.ts";

export interface DeliveredParts {
  readonly topic: Topic;
  readonly id: string;
  readonly sequence: number;
  readonly acceptedAt: number;
  readonly event: PublishedEvent;
}

/** An event of one topic as everybody who listens to it gets it: encoded at most once for each encoding. */
export class DeliveredEvent {
  readonly kind = "event";
  readonly parts: DeliveredParts;
  readonly #plain: Uint8Array;
  #envelope: Uint8Array | undefined;

  constructor(parts: DeliveredParts, plain: Uint8Array) {
    this.parts = parts;
    this.#plain = plain;
  }

  get sequence(): number {
    return this.parts.sequence;
  }

  /** Bytes of memory, roughly. */
  get size(): number {
    return this.parts.event.data.length + this.#plain.length;
  }

  frame(encoding: FrameEncoding): Uint8Array {
    if (encoding === "plain") return this.#plain;
    this.#envelope ??= this.frameAt(encoding, this.parts.id);
    return this.#envelope;
  }

  /** For clients that already hold the newer id `place`. */
  frameAt(encoding: FrameEncoding, place: string): Uint8Array {
    return encodedFrame(encoding, { ...this.parts, place });
  }
}
