import { expect, test } from "vitest";
import { accessRule } from "./publish-access.ts";

const keys = { allowUnauthenticated: false, publishKeysDir: "/keys", verified: false };
const closed = { allowUnauthenticated: false, publishKeysDir: undefined, verified: false };
const open = { allowUnauthenticated: true, publishKeysDir: undefined, verified: false };
const verified = { ...closed, verified: true };

test.each([
  [closed, "0.0.0.0", "foreign-pages-refused", "127.0.0.1"],
  [closed, "127.0.0.1", "foreign-pages-refused", "127.0.0.1"],
  [closed, "::1", "foreign-pages-refused", "::1"],
  [open, "0.0.0.0", "open", "0.0.0.0"],
  [keys, "0.0.0.0", "credentials", "0.0.0.0"],
  [{ ...keys, allowUnauthenticated: true }, "0.0.0.0", "credentials", "0.0.0.0"],
  [verified, "0.0.0.0", "credentials", "0.0.0.0"],
])("%o on %s: %s on %s", (http, host, kind, bound) => {
  expect(accessRule(http, { host, port: 8_080 })).toEqual({
    kind,
    address: { host: bound, port: 8_080 },
    hostReplaced: bound !== host,
  });
});
