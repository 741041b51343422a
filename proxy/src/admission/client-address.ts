import { type AddressRange, inRange } from "./address-range.ts";
import { type IpAddress, parseIp } from "./ip-address.ts";

/** What a request says of where it came from. */
export interface RequestOrigin {
  /** Address at the other end of the socket. */
  readonly peer: string;
  /** Address in a PROXY protocol header; absent when there was none. */
  readonly proxied?: string | undefined;
  /** All X-Forwarded-For headers, joined by commas in their order. */
  readonly forwardedFor?: string | undefined;
  /** All Forwarded headers (RFC 7239), joined likewise. */
  readonly forwarded?: string | undefined;
}

export type ClientAddress =
  | { readonly kind: "address"; readonly address: IpAddress }
  /** A PROXY protocol header came from somebody who is not a trusted proxy. */
  | { readonly kind: "refused" }
  /** The socket is gone, or not an IP socket. */
  | { readonly kind: "unknown" };

/** `1.2.3.4`, `1.2.3.4:80`, `[2001:db8::1]:80` or `2001:db8::1`, quoted or not. */
const hop = (text: string): IpAddress | undefined => {
  const bare = text.trim().replace(/^"(.*)"$/, "$1");
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(bare)?.[1];
  return parseIp(bracketed ?? bare.replace(/^([\d.]+):\d+$/, "$1"));
};

type Hops = readonly (IpAddress | undefined)[];

const forwardedForHops = (header: string): Hops => header.split(",").map(hop);

const forwardedHops = (header: string): Hops =>
  header.split(",").map((element) => {
    const pair = element.split(";").find((item) => /^\s*for\s*=/i.test(item));
    return hop(pair?.slice(pair.indexOf("=") + 1) ?? "");
  });

/** From the nearest hop outwards: the first that is not trusted, or the last that can be read. */
const rightmostUntrusted = (hops: Hops, nearest: IpAddress, trusted: (address: IpAddress) => boolean): IpAddress => {
  let client = nearest;
  for (const address of hops.toReversed()) {
    if (address === undefined) return client;
    client = address;
    if (!trusted(address)) return client;
  }
  return client;
};

const sameAddress = (a: IpAddress, b: IpAddress): boolean => a.join() === b.join();

/**
 * The address that a request counts for. Headers are believed only from trusted proxies, from the right to the left,
 * since everything left of the first untrusted address was written by the client itself.
 * Where both kinds of header are present and disagree, one of them may be the client's own, so neither counts.
 */
export const clientAddress = (origin: RequestOrigin, proxies: readonly AddressRange[]): ClientAddress => {
  const trusted = (address: IpAddress): boolean => proxies.some((range) => inRange(address, range));
  const peer = parseIp(origin.peer);
  if (peer === undefined) return { kind: "unknown" };
  if (!trusted(peer)) return origin.proxied === undefined ? { kind: "address", address: peer } : { kind: "refused" };
  const nearest = (origin.proxied === undefined ? undefined : parseIp(origin.proxied)) ?? peer;
  if (!trusted(nearest)) return { kind: "address", address: nearest };
  const said = [
    ...(origin.forwardedFor === undefined ? [] : [forwardedForHops(origin.forwardedFor)]),
    ...(origin.forwarded === undefined ? [] : [forwardedHops(origin.forwarded)]),
  ].map((hops) => rightmostUntrusted(hops, nearest, trusted));
  const [first = nearest, second = first] = said;
  return { kind: "address", address: sameAddress(first, second) ? first : nearest };
};
