const lineEnd = "\r\n";

/** Frames bytes as one HTTP chunk. Bytes that go to many streams are framed once: the last frame is kept. */
export class ChunkFraming {
  #last: { readonly bytes: Uint8Array; readonly chunk: Buffer } | undefined;

  chunk(bytes: Uint8Array): Buffer {
    if (this.#last?.bytes === bytes) return this.#last.chunk;
    const chunk = Buffer.concat([Buffer.from(bytes.length.toString(16) + lineEnd), bytes, Buffer.from(lineEnd)]);
    this.#last = { bytes, chunk };
    return chunk;
  }
}
