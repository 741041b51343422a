import { type IpAddress, parseIp } from "./ip-address.ts";

/** A range of addresses: the first `bits` bits of `address` count. */
export interface AddressRange {
  readonly address: IpAddress;
  readonly bits: number;
}

/** `10.0.0.0/8`, or one address; undefined when the text is neither. */
export const parseRange = (text: string): AddressRange | undefined => {
  const [first = "", length] = text.split("/");
  const address = parseIp(first);
  if (address === undefined) return undefined;
  const most = address.length * 8;
  // ::ffff:10.0.0.0/104 counts the mapped prefix as well.
  const mapped = first.includes(":") && most === 32 ? 96 : 0;
  const bits = length === undefined ? most : Number(length) - mapped;
  return Number.isInteger(bits) && bits >= 0 && bits <= most ? { address, bits } : undefined;
};

/** Whether the address lies in the range; IPv4 never lies in a range of IPv6. */
export const inRange = (address: IpAddress, range: AddressRange): boolean => {
  if (address.length !== range.address.length) return false;
  const whole = range.bits >> 3;
  for (let index = 0; index < whole; index += 1) if (address[index] !== range.address[index]) return false;
  const rest = range.bits & 7;
  const mask = (0xff << (8 - rest)) & 0xff;
  return rest === 0 || (((address[whole] ?? 0) ^ (range.address[whole] ?? 0)) & mask) === 0;
};
