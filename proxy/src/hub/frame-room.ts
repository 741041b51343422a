/** For `id: `, an id without a proof, and `data: `: a head that is longer is written elsewhere. */
const before = 64;
/** For the two line ends. */
const behind = 2;

/**
 * A buffer that holds the data of one event and has room around it for the rest of its frame. Whoever frames the event
 * first does so in place: no second copy of it is made and kept.
 */
export class FrameRoom extends ArrayBuffer {
  #framed = false;

  constructor(size: number) {
    super(before + size + behind);
  }

  get data(): Uint8Array {
    return new Uint8Array(this, before, this.byteLength - before - behind);
  }

  /** The frame's bytes, with the data in its place behind `headBytes` that are still to be written; undefined where there is no room any more. */
  take(headBytes: number): Uint8Array | undefined {
    if (this.#framed || headBytes > before) return undefined;
    this.#framed = true;
    return new Uint8Array(this, before - headBytes);
  }
}

/** `data` in a buffer with room for its frame. */
export const withFrameRoom = (data: Uint8Array): Uint8Array => {
  const roomy = new FrameRoom(data.length).data;
  roomy.set(data);
  return roomy;
};

/** The room that `data` has around it, if it is all that its buffer holds. */
export const roomAround = (data: Uint8Array): FrameRoom | undefined => {
  const { buffer, byteOffset, length } = data;
  if (!(buffer instanceof FrameRoom)) return undefined;
  return byteOffset === before && length === buffer.byteLength - before - behind ? buffer : undefined;
};
