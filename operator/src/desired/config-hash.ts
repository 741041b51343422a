const offsetBasis = 0xcbf29ce484222325n;
const prime = 0x100000001b3n;

/**
 * 16 hex digits that change when `content` does: FNV-1a, 64 bit.
 * It only tells versions of one instance's configuration apart, so it needs no cryptographic strength.
 */
export const configHash = (content: string): string => {
  let hash = offsetBasis;
  for (const byte of new TextEncoder().encode(content)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * prime);
  return hash.toString(16).padStart(16, "0");
};
