import { type LookupAddress, lookup as systemLookup } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

/** The address is one that a verifier is not looked for at. */
export class RefusedAddress extends Error {
  override readonly name = "RefusedAddress";
  readonly code = "ADDRESS_REFUSED";
}

const refusedSubnets: readonly (readonly [string, number, "ipv4" | "ipv6"])[] = [
  ["169.254.0.0", 16, "ipv4"],
  ["100.100.100.200", 32, "ipv4"],
  ["fe80::", 10, "ipv6"],
  ["fd00:ec2::254", 128, "ipv6"],
  // The same IPv4 addresses, translated (RFC 6052).
  ["64:ff9b::a9fe:0", 112, "ipv6"],
];

const refused = new BlockList();
for (const [network, prefix, family] of refusedSubnets) refused.addSubnet(network, prefix, family);

/** Whether an address, as a number, serves machines and not people: link-local, or a cloud's metadata. */
export const isRefusedAddress = (address: string): boolean => {
  const bare = address.split("%", 1)[0] ?? "";
  const family = isIP(bare);
  // A mapped address is matched with the rules of IPv4.
  return family !== 0 && refused.check(bare, family === 6 ? "ipv6" : "ipv4");
};

const refusal = (host: string): RefusedAddress =>
  new RefusedAddress(`${host} is at a link-local or metadata address; set allow_private_addresses if that is right`);

/** Throws `RefusedAddress` for a URL's host that is such an address by number; no name is looked up for those. */
export const refuseNumber = (url: URL): void => {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  if (isRefusedAddress(host)) throw refusal(host);
};

const found = (host: string, error: Error | null, addresses: readonly LookupAddress[] | undefined): LookupAddress[] => {
  if (error !== null) throw error;
  if (addresses?.some(({ address }) => isRefusedAddress(address)) === true) throw refusal(host);
  return [...(addresses ?? [])];
};

/** Looks a name up and refuses it when any of its addresses is such a one. The connection uses what was checked here. */
export const guardedLookup =
  (lookup: typeof systemLookup = systemLookup): LookupFunction =>
  (host, options, done) => {
    lookup(host, { ...options, all: true }, (error: Error | null, addresses: LookupAddress[]) => {
      try {
        const [first, ...others] = found(host, error, addresses);
        if (first === undefined) throw new Error(`${host} has no address`);
        if (options.all === true) done(null, [first, ...others]);
        else done(null, first.address, first.family);
      } catch (fault) {
        done(fault instanceof Error ? fault : new Error(`${host} cannot be looked up`), "", 4);
      }
    });
  };
