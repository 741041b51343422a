const zero = 0x30;
/** `2026-11-23T04:06:00.123` */
const form = "dddd-dd-ddTdd:dd:dd.ddd";
const digit = "d".charCodeAt(0);

const hasForm = (bytes: Uint8Array, at: number): boolean => {
  for (let index = 0; index < form.length; index += 1) {
    const byte = bytes[at + index] ?? 0;
    const wanted = form.charCodeAt(index);
    if (wanted === digit ? byte < zero || byte > zero + 9 : byte !== wanted) return false;
  }
  return true;
};

const number = (bytes: Uint8Array, at: number, digits: number): number => {
  let value = 0;
  for (let index = at; index < at + digits; index += 1) value = value * 10 + (bytes[index] ?? 0) - zero;
  return value;
};

/** Milliseconds since 1970 of a time in UTC as servers write it, down to nanoseconds or not; NaN where it is none. */
export const readTimestamp = (bytes: Uint8Array, from: number, to: number): number => {
  const isUsual = to - from > form.length && bytes[to - 1] === "Z".charCodeAt(0) && hasForm(bytes, from);
  if (!isUsual) return Date.parse(Buffer.from(bytes.subarray(from, to)).toString("latin1"));
  const part = (offset: number, digits: number): number => number(bytes, from + offset, digits);
  return Date.UTC(part(0, 4), part(5, 2) - 1, part(8, 2), part(11, 2), part(14, 2), part(17, 2), part(20, 3));
};
