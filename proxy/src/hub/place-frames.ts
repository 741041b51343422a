import { formatEventId } from "./event-id.ts";
import { keepaliveIdFrame, primingFrame } from "./sse-frame.ts";

interface Made {
  readonly key: string;
  readonly bytes: Uint8Array;
}

/** What streams are told of where they are; made once for those that come one after the other and are at the same place. */
export class PlaceFrames {
  #priming: Made | undefined;
  #keepalive: Made | undefined;

  /** The first that a stream is told: how long to wait before it comes back (milliseconds), and from where. */
  priming(retryMs: number, id: string): Uint8Array {
    const key = `${retryMs} ${id}`;
    if (this.#priming?.key !== key) this.#priming = { key, bytes: primingFrame(retryMs, id) };
    return this.#priming.bytes;
  }

  /** The id moves on, without an event. */
  keepalive(epoch: number, sequence: number): Uint8Array {
    const key = formatEventId(epoch, sequence);
    if (this.#keepalive?.key !== key) this.#keepalive = { key, bytes: keepaliveIdFrame(key) };
    return this.#keepalive.bytes;
  }
}
