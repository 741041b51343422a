import { expect, test } from "vitest";
import { coresOf } from "./own-cores.ts";

test.each([
  ["0-3", { server: "0", tool: "1,2,3", nats: "1" }],
  ["2,3", { server: "2", tool: "3", nats: "3" }],
  ["1,4-6", { server: "1", tool: "4,5,6", nats: "4" }],
  ["0", { server: "0", tool: "0", nats: "0" }],
])("of the cores %s the server has the first", (own, shared) => {
  expect(coresOf(own)).toEqual(shared);
});
