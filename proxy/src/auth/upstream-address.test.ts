import type { LookupAddress } from "node:dns";
import { expect, test } from "vitest";
import { guardedLookup, isRefusedAddress, refuseNumber } from "./upstream-address.ts";

test.each([
  ["169.254.169.254", true],
  ["169.254.0.1", true],
  ["100.100.100.200", true],
  ["::ffff:169.254.169.254", true],
  ["::ffff:a9fe:a9fe", true],
  ["64:ff9b::a9fe:a9fe", true],
  ["fe80::1", true],
  ["fe80::1%eth0", true],
  ["febf::1", true],
  ["fd00:ec2::254", true],
  ["127.0.0.1", false],
  ["::1", false],
  ["10.0.0.1", false],
  ["169.253.255.255", false],
  ["fec0::1", false],
  ["fd00:ec2::255", false],
])("%s is refused: %s", (address, refused) => {
  expect(isRefusedAddress(address)).toBe(refused);
});

test.each([
  "http://169.254.169.254/latest",
  "http://0xa9fea9fe/",
  "http://2852039166/",
  "http://0251.0376.0251.0376/",
  "http://[fe80::1]/",
  "http://[::ffff:169.254.169.254]/",
])("%s is refused although it is no name", (url) => {
  expect(() => refuseNumber(new URL(url))).toThrow("allow_private_addresses");
});

const resolving =
  (addresses: readonly LookupAddress[]) =>
  (options: { all?: boolean }): Promise<unknown> =>
    new Promise((resolve) => {
      const lookup = (_host: string, _options: unknown, done: (error: null, found: readonly LookupAddress[]) => void) =>
        done(null, addresses);
      guardedLookup(lookup as never)("name", options, (error, address) => resolve(error?.name ?? address));
    });

test("a name with one refused address among good ones is refused", async () => {
  const good = { address: "127.0.0.1", family: 4 };
  expect(await resolving([good, { address: "169.254.169.254", family: 4 }])({ all: true })).toBe("RefusedAddress");
  expect(await resolving([{ address: "fe80::1", family: 6 }])({})).toBe("RefusedAddress");
  expect(await resolving([good])({})).toBe("127.0.0.1");
  expect(await resolving([good])({ all: true })).toEqual([good]);
  expect(await resolving([])({})).toBe("Error");
});
