/** An IPv4 or IPv6 address as bytes; an IPv4 address inside IPv6 (`::ffff:1.2.3.4`) is the IPv4 address. */
export type IpAddress = Uint8Array;

const v4Form = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

const v4Bytes = (text: string): Uint8Array | undefined => {
  const match = v4Form.exec(text);
  if (match === null) return undefined;
  const [a, b, c, d] = [Number(match[1]), Number(match[2]), Number(match[3]), Number(match[4])];
  return a > 255 || b > 255 || c > 255 || d > 255 ? undefined : Uint8Array.of(a, b, c, d);
};

const groups = (text: string): readonly number[] | undefined => {
  if (text === "") return [];
  const parts = text.split(":");
  return parts.every((part) => /^[0-9a-fA-F]{1,4}$/.test(part))
    ? parts.map((part) => Number.parseInt(part, 16))
    : undefined;
};

/** An IPv4 address at the end of an IPv6 one, written as two groups. */
const withoutDots = (text: string): string | undefined => {
  const at = text.lastIndexOf(":") + 1;
  if (!text.includes(".", at)) return text;
  const [a = 0, b = 0, c = 0, d = 0] = v4Bytes(text.slice(at)) ?? [];
  if (v4Bytes(text.slice(at)) === undefined) return undefined;
  return `${text.slice(0, at)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
};

const v6Bytes = (text: string): Uint8Array | undefined => {
  const halves = withoutDots(text)?.split("::") ?? [];
  const [head, tail] = halves.map(groups);
  if (head === undefined || halves.length > 2 || (halves.length === 2 && tail === undefined)) return undefined;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const all = [...head, ...Array<number>(missing).fill(0), ...(tail ?? [])];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
};

const mappedPrefix = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

const unmapped = (bytes: Uint8Array): Uint8Array =>
  bytes.length === 16 && mappedPrefix.every((byte, index) => bytes[index] === byte) ? bytes.subarray(12) : bytes;

/** Undefined when the text is no address; a zone (`%eth0`) is cut off. */
export const parseIp = (text: string): IpAddress | undefined => {
  const [bare = ""] = text.split("%", 1);
  if (!bare.includes(":")) return v4Bytes(bare);
  const bytes = v6Bytes(bare);
  return bytes === undefined ? undefined : unmapped(bytes);
};

/** The first of the longest runs of zero groups (RFC 5952). */
const zeroRun = (words: readonly string[]): { readonly start: number; readonly length: number } => {
  let best = { start: 0, length: 0 };
  let length = 0;
  for (const [index, word] of words.entries()) {
    length = word === "0" ? length + 1 : 0;
    if (length > best.length) best = { start: index + 1 - length, length };
  }
  return best;
};

/** The address in its shortest usual form: `192.168.1.100`, `2001:db8::1`. */
export const ipText = (address: IpAddress): string => {
  if (address.length === 4) return address.join(".");
  const words = Array.from({ length: 8 }, (_, index) =>
    (((address[2 * index] ?? 0) << 8) | (address[2 * index + 1] ?? 0)).toString(16),
  );
  const run = zeroRun(words);
  if (run.length < 2) return words.join(":");
  return `${words.slice(0, run.start).join(":")}::${words.slice(run.start + run.length).join(":")}`;
};

/** Whom an address counts as: itself, or for IPv6 its /64, of which one household or server has all addresses. */
export const clientOf = (address: IpAddress): string =>
  address.length === 4
    ? ipText(address)
    : `${ipText(Uint8Array.from({ length: 16 }, (_, index) => (index < 8 ? (address[index] ?? 0) : 0)))}/64`;
