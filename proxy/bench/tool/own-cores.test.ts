import { expect, test } from "vitest";
import { coresForLoops, coresOf } from "./own-cores.ts";

test.each([
  ["0-3", { server: "0", tool: "1,2,3", nats: "1", besideNats: "2,3" }],
  ["2,3", { server: "2", tool: "3", nats: "3", besideNats: "3" }],
  ["1,4-6", { server: "1", tool: "4,5,6", nats: "4", besideNats: "5,6" }],
  ["0", { server: "0", tool: "0", nats: "0", besideNats: "0" }],
])("of the cores %s the server has the first", (own, shared) => {
  expect(coresOf(own)).toEqual(shared);
});

test.each([
  ["0-3", 1, { server: "0", others: "1,2,3" }],
  ["0-3", 3, { server: "0,1,2", others: "3" }],
  ["0-3", 9, { server: "0,1,2", others: "3" }],
  ["2", 2, { server: "2", others: "2" }],
])("of the cores %s %d event loops have the first", (own, loops, shared) => {
  expect(coresForLoops(own, loops)).toEqual(shared);
});
