import { expect, test } from "vitest";
import { startChaosProgram } from "./testing/chaos-program.ts";

test("nothing accepted is lost, doubled or out of order while proxies and servers are killed, paused and cut off", async () => {
  const { exited, output } = startChaosProgram("--short");
  const code = await exited;
  expect(code, output()).toBe(0);
  expect(output()).toContain("**Passed**");
});

test("clients that come back at once, after their proxy was killed, share the reads of the journal", async () => {
  const { exited, output } = startChaosProgram("--short", "--storm");
  const code = await exited;
  expect(code, output()).toBe(0);
  expect(output()).toContain("**Passed**");
});
