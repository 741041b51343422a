import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { removeOrphans } from "./fleet/network.ts";
import { startChaosProgram } from "./testing/chaos-program.ts";

const namespaces = (): readonly string[] => (existsSync("/run/netns") ? readdirSync("/run/netns") : []);

test("what a killed run left behind is found and removed by the next", async () => {
  const { child, exited, output } = startChaosProgram("--short");
  const own = (): readonly string[] => namespaces().filter((name) => name.startsWith(`rpxchaos-${child.pid}-`));
  await expect.poll(own, { timeout: 60_000, message: output() }).toHaveLength(9);
  child.kill("SIGKILL");
  await exited;
  expect(own()).toHaveLength(9);
  const [run = ""] = own();
  const removed = await removeOrphans();
  expect(removed).toContain(run.split("-").slice(0, 3).join("-"));
  expect(own()).toEqual([]);
  const left = readdirSync("/proc").filter(
    (pid) => /^\d+$/.test(pid) && commandOf(pid).includes(`rpxchaos-${child.pid}-`),
  );
  expect(left).toEqual([]);
});

const commandOf = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    // It ended between two looks.
    return "";
  }
};
