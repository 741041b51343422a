import { expect, test } from "vitest";
import { foreignSource } from "./origin-rule.ts";

test.each<[string | undefined, string | undefined, "ours" | "foreign"]>([
  ["127.0.0.1:8080", undefined, "ours"],
  ["localhost:8080", undefined, "ours"],
  ["LocalHost", undefined, "ours"],
  ["[::1]:8080", undefined, "ours"],
  ["localhost:8080", "http://localhost:3000", "ours"],
  ["localhost:8080", "http://127.0.0.1:8080", "foreign"],
  ["localhost:8080", "https://evil.example", "foreign"],
  ["localhost:8080", "http://localhost.evil.example", "foreign"],
  ["localhost:8080", "http://localhost@evil.example", "foreign"],
  ["localhost:8080", "null", "foreign"],
  ["localhost:8080", "chrome-extension://localhost", "foreign"],
  ["evil.example:8080", undefined, "foreign"],
  ["evil.example", "http://evil.example", "foreign"],
  ["127.0.0.1.evil.example", undefined, "foreign"],
  ["127.0.0.1:8080@evil.example", undefined, "foreign"],
  [undefined, undefined, "foreign"],
])("Host %s, Origin %s is %s", (host, origin, expected) => {
  expect(foreignSource({ host, origin }) === undefined ? "ours" : "foreign").toBe(expected);
});
