import { readDecimal } from "./decimal.ts";

/** The line before a message, taken apart. */
export interface MessageLine {
  subscription: number;
  subjectAt: number;
  subjectEnd: number;
  /** Bytes of the header block; 0: there is none. */
  headers: number;
  /** Bytes of header block and payload. */
  size: number;
  /** Offset behind the line. */
  end: number;
}

export const emptyLine = (): MessageLine => ({
  subscription: 0,
  subjectAt: 0,
  subjectEnd: 0,
  headers: 0,
  size: 0,
  end: 0,
});

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const plain = Buffer.from("MSG ");
const headed = Buffer.from("HMSG ");

/** Offset behind `prefix`; 0: the bytes end before it does; -1: it is not there. */
const behind = (prefix: Buffer, bytes: Uint8Array, at: number): number => {
  for (let index = 0; index < prefix.length; index += 1) {
    if (at + index >= bytes.length) return 0;
    if (bytes[at + index] !== prefix[index]) return -1;
  }
  return at + prefix.length;
};

/** Of the first such byte, or else `to`. */
const offsetOf = (byte: number, bytes: Uint8Array, from: number, to: number): number => {
  let at = from;
  while (at < to && bytes[at] !== byte) at += 1;
  return at;
};

/** Behind the last space before `to`. */
const lastFieldAt = (bytes: Uint8Array, from: number, to: number): number => {
  let at = to;
  while (at > from && bytes[at - 1] !== space) at -= 1;
  return at;
};

/**
 * Reads `MSG <subject> <sid> [reply] <bytes>` or `HMSG <subject> <sid> [reply] <header bytes> <bytes>` into `line`, in
 * the form in which servers write it. Undefined: the bytes end before the line does; false: it is something else.
 */
export const readMessageLine = (
  line: MessageLine,
  bytes: Uint8Array,
  start: number,
  withHeaders: boolean,
): boolean | undefined => {
  const from = behind(withHeaders ? headed : plain, bytes, start);
  if (from <= 0) return from === 0 ? undefined : false;
  const to = offsetOf(carriageReturn, bytes, from, bytes.length);
  if (to + 1 >= bytes.length) return undefined;
  line.subjectAt = from;
  line.end = to + 2;
  return bytes[to + 1] === lineFeed && readFields(line, bytes, to, withHeaders);
};

const readFields = (line: MessageLine, bytes: Uint8Array, to: number, withHeaders: boolean): boolean => {
  line.subjectEnd = offsetOf(space, bytes, line.subjectAt, to);
  const subscriptionEnd = offsetOf(space, bytes, line.subjectEnd + 1, to);
  const sizeAt = lastFieldAt(bytes, line.subjectAt, to);
  const headersAt = withHeaders ? lastFieldAt(bytes, line.subjectAt, sizeAt - 1) : sizeAt;
  line.subscription = readDecimal(bytes, line.subjectEnd + 1, subscriptionEnd);
  line.size = readDecimal(bytes, sizeAt, to);
  line.headers = withHeaders ? readDecimal(bytes, headersAt, sizeAt - 1) : 0;
  // A reply in between, or nothing.
  const replyAt = lastFieldAt(bytes, line.subjectAt, headersAt - 1);
  const isWhole = headersAt === subscriptionEnd + 1 || replyAt === subscriptionEnd + 1;
  return isWhole && line.subscription > 0 && line.size >= line.headers;
};
