import fc from "fast-check";
import { expect, test } from "vitest";
import { parseRange } from "./address-range.ts";
import { clientAddress, type RequestOrigin } from "./client-address.ts";
import { ipText } from "./ip-address.ts";

const proxies = ["10.0.0.0/8", "fd00::/8"].map((text) => parseRange(text)!);

const client = (origin: RequestOrigin): string => {
  const found = clientAddress(origin, proxies);
  return found.kind === "address" ? ipText(found.address) : found.kind;
};

test.each<[string, RequestOrigin, string]>([
  ["nobody between", { peer: "9.9.9.9" }, "9.9.9.9"],
  ["a client forges headers", { peer: "9.9.9.9", forwardedFor: "1.1.1.1", forwarded: "for=1.1.1.1" }, "9.9.9.9"],
  ["one proxy", { peer: "10.0.0.1", forwardedFor: "1.2.3.4" }, "1.2.3.4"],
  ["a forged hop before the real one", { peer: "10.0.0.1", forwardedFor: "7.7.7.7, 1.2.3.4" }, "1.2.3.4"],
  ["two proxies", { peer: "10.0.0.1", forwardedFor: "7.7.7.7,1.2.3.4, 10.0.0.2" }, "1.2.3.4"],
  ["all trusted", { peer: "10.0.0.1", forwardedFor: "10.0.0.3, 10.0.0.2" }, "10.0.0.3"],
  ["a proxy that says nothing", { peer: "10.0.0.1" }, "10.0.0.1"],
  ["a hop that cannot be read", { peer: "10.0.0.1", forwardedFor: "1.2.3.4, unknown, 10.0.0.2" }, "10.0.0.2"],
  ["an empty header", { peer: "10.0.0.1", forwardedFor: "" }, "10.0.0.1"],
  ["ports", { peer: "10.0.0.1", forwardedFor: "1.2.3.4:5678" }, "1.2.3.4"],
  ["IPv6 with a port", { peer: "fd00::1", forwardedFor: "[2001:db8::1]:80" }, "2001:db8::1"],
  ["mapped peer", { peer: "::ffff:10.0.0.1", forwardedFor: "1.2.3.4" }, "1.2.3.4"],
  ["Forwarded", { peer: "10.0.0.1", forwarded: 'for=7.7.7.7, by=x;for="[2001:db8::1]:80";proto=https' }, "2001:db8::1"],
  ["obfuscated Forwarded", { peer: "10.0.0.1", forwarded: "for=_hidden" }, "10.0.0.1"],
  ["both agree", { peer: "10.0.0.1", forwardedFor: "1.2.3.4", forwarded: "for=1.2.3.4" }, "1.2.3.4"],
  ["both disagree", { peer: "10.0.0.1", forwardedFor: "1.2.3.4", forwarded: "for=7.7.7.7" }, "10.0.0.1"],
  ["PROXY protocol from a trusted peer", { peer: "10.0.0.1", proxied: "1.2.3.4" }, "1.2.3.4"],
  ["its client's own header", { peer: "10.0.0.1", proxied: "1.2.3.4", forwardedFor: "7.7.7.7" }, "1.2.3.4"],
  ["a trusted proxy behind it", { peer: "10.0.0.1", proxied: "10.0.0.2", forwardedFor: "1.2.3.4" }, "1.2.3.4"],
  ["PROXY protocol from anybody", { peer: "9.9.9.9", proxied: "1.2.3.4" }, "refused"],
  ["a socket that is gone", { peer: "" }, "unknown"],
])("%s", (_, origin, expected) => {
  expect(client(origin)).toBe(expected);
});

test("whatever a client writes into its headers, behind a proxy that appends it counts as itself", () => {
  fc.assert(
    fc.property(fc.string(), (forged) => {
      expect(client({ peer: "10.0.0.1", forwardedFor: `${forged},1.2.3.4` })).toBe("1.2.3.4");
    }),
  );
});
