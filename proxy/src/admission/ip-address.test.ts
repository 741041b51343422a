import { isIP } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { inRange, parseRange } from "./address-range.ts";
import { clientOf, ipText, parseIp } from "./ip-address.ts";

test.each([
  ["192.168.1.100", "192.168.1.100", "192.168.1.100"],
  ["::ffff:192.168.1.100", "192.168.1.100", "192.168.1.100"],
  ["0000:0000:0000:0000:0000:ffff:7f00:0001", "127.0.0.1", "127.0.0.1"],
  ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1", "2001:db8::/64"],
  ["2001:DB8:aaaa:bbbb:cccc::1", "2001:db8:aaaa:bbbb:cccc::1", "2001:db8:aaaa:bbbb::/64"],
  ["::1", "::1", "::/64"],
  ["fe80::1%eth0", "fe80::1", "fe80::/64"],
  ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8", "1:2:3:4::/64"],
])("%s is %s and counts as %s", (text, shown, counted) => {
  const address = parseIp(text);
  expect(address && [ipText(address), clientOf(address)]).toEqual([shown, counted]);
});

test.each(["", "1.2.3", "1.2.3.256", "1.2.3.4.5", "1::2::3", ":::", "12345::", "1:2:3:4:5:6:7", "g::1", "unknown"])(
  "%j is no address",
  (text) => {
    expect(parseIp(text)).toBeUndefined();
  },
);

const zeroRich = fc
  .array(fc.constantFrom("0", "0", "10", "fe80"), { minLength: 8, maxLength: 8 })
  .map((words) => words.join(":"));

test("every IPv6 address is read and written as Node reads it", () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV6(), fc.ipV4(), zeroRich), (text) => {
      const address = parseIp(text);
      expect(address).toBeDefined();
      const shown = ipText(address!);
      expect(isIP(shown)).not.toBe(0);
      expect(parseIp(shown)).toEqual(address);
    }),
  );
});

test("no text makes parsing throw, and what it takes Node takes as well", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."0123456789abcdef:.%/ g") }), (text) => {
      if (parseIp(text) !== undefined) expect(isIP(text.split("%", 1)[0] ?? "")).not.toBe(0);
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ["10.0.0.0/8", "10.255.0.1", true],
  ["10.0.0.0/8", "11.0.0.1", false],
  ["192.168.1.128/25", "192.168.1.127", false],
  ["192.168.1.128/25", "192.168.1.200", true],
  ["192.168.1.1", "192.168.1.1", true],
  ["192.168.1.1", "192.168.1.2", false],
  ["0.0.0.0/0", "8.8.8.8", true],
  ["0.0.0.0/0", "::1", false],
  ["::/0", "1.2.3.4", false],
  ["fd00::/8", "fdff::1", true],
  ["2001:db8::/33", "2001:db8:8000::1", false],
  ["::ffff:10.0.0.0/104", "10.1.2.3", true],
])("%s and %s: %s", (range, address, expected) => {
  expect(inRange(parseIp(address)!, parseRange(range)!)).toBe(expected);
});

test.each(["10.0.0.0/33", "x/8", "::/129", "10.0.0.0/-1", "10.0.0.0/1.5"])("%s is no range", (text) => {
  expect(parseRange(text)).toBeUndefined();
});
