const zero = 0x30;
const nine = 0x39;

/** The number that the ASCII digits between two offsets make; NaN where there are none, or something else. */
export const readDecimal = (bytes: Uint8Array, from: number, to: number): number => {
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte < zero || byte > nine) return Number.NaN;
    value = value * 10 + byte - zero;
  }
  return from < to ? value : Number.NaN;
};
