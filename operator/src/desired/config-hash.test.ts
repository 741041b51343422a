import { expect, test } from "vitest";
import { configHash } from "./config-hash.ts";

test.each([
  ["", "cbf29ce484222325"],
  ["a", "af63dc4c8601ec8c"],
  ["foobar", "85944171f73967e8"],
])("FNV-1a of %j", (content, hash) => expect(configHash(content)).toBe(hash));
