/** What the first bytes of a connection are to PROXY protocol version 2 (haproxy.org, proxy-protocol.txt, section 2.2). */
export type ProxyHeader =
  | { readonly kind: "absent" }
  /** More bytes are needed to tell. */
  | { readonly kind: "incomplete" }
  | { readonly kind: "broken" }
  /** `client` is undefined where the proxy speaks for itself, or for somebody without an IP address. */
  | { readonly kind: "whole"; readonly length: number; readonly client: string | undefined };

const signature = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");
const fixedBytes = 16;
/** Bytes of addresses and extensions; more than any known proxy sends. */
const maxRest = 4_096;

/** Whether a connection begins as PROXY protocol does, and HTTP never. */
export const beginsWithSignature = (bytes: Uint8Array): boolean =>
  bytes.length >= signature.length && signature.equals(bytes.subarray(0, signature.length));

const ipv6Text = (bytes: Buffer): string =>
  Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16)).join(":");

/** The source address of TCP or UDP over IPv4 (1) and IPv6 (2). */
const sourceOf = (family: number, rest: Buffer): string | undefined => {
  if (family === 1 && rest.length >= 12) return [...rest.subarray(0, 4)].join(".");
  if (family === 2 && rest.length >= 36) return ipv6Text(rest);
  return undefined;
};

/** Reads the header at the beginning of a connection. */
export const readProxyHeader = (bytes: Buffer): ProxyHeader => {
  const known = Math.min(bytes.length, signature.length);
  if (!signature.subarray(0, known).equals(bytes.subarray(0, known))) return { kind: "absent" };
  if (bytes.length < fixedBytes) return { kind: "incomplete" };
  const command = bytes.readUInt8(12);
  const family = bytes.readUInt8(13) >> 4;
  const length = fixedBytes + bytes.readUInt16BE(14);
  if (command >> 4 !== 2 || (command & 15) > 1 || length > fixedBytes + maxRest) return { kind: "broken" };
  if (bytes.length < length) return { kind: "incomplete" };
  const isLocal = (command & 15) === 0;
  return { kind: "whole", length, client: isLocal ? undefined : sourceOf(family, bytes.subarray(fixedBytes, length)) };
};
