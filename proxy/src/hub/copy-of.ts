/**
 * Bytes of our own, which nobody writes again. Small ones are from Node's pool, where an allocation costs next to
 * nothing: who keeps them for long and in great numbers copies them into a `ByteLog`.
 */
export const copyOf = (bytes: Uint8Array): Uint8Array => {
  const copy = Buffer.allocUnsafe(bytes.length);
  copy.set(bytes);
  return copy;
};
