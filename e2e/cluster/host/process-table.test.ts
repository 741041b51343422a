import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { findByArguments, findByEnvironment, identify, isRunning, parseStat } from "./process-table.ts";

test.each([
  ["a plain name", "7 (etcd) S 1 7 7 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 9 0 4242 1000", "S"],
  ["a name with brackets and blanks", "7 (a) Z b) Z 1 7 7 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 9 0 4242 1000", "Z"],
])("reads state and start time beside %s", (_, text, state) => {
  expect(parseStat(text)).toEqual({ state, startTime: "4242" });
});

test("a running process is itself, and not another with its number", () => {
  const self = identify(process.pid);
  expect(self).toBeDefined();
  if (self === undefined) return;
  expect(isRunning(self)).toBe(true);
  expect(isRunning({ ...self, startTime: "1" })).toBe(false);
});

test("an ended process that was not waited for yet does not count as running", async () => {
  // The shell does not wait for its child, which so stays as a zombie while the shell sleeps.
  const shell = spawn("sh", ["-c", "true & echo $!; exec sleep 5"], { stdio: ["ignore", "pipe", "ignore"] });
  const [line] = (await once(shell.stdout, "data")) as [Buffer];
  await expect.poll(() => identify(Number(line))).toBeUndefined();
  shell.kill();
});

test("finds a process by its environment and by its arguments", async () => {
  const mark = `mark-${process.pid}`;
  const child = spawn("sh", ["-c", "echo up; exec cat", mark, "-address", mark], {
    env: { PATH: process.env["PATH"], MARK: mark },
  });
  await once(child.stdout, "data");
  const found = identify(child.pid ?? 0);
  expect(findByEnvironment(`MARK=${mark}`)).toEqual([found]);
  expect(findByEnvironment(`MARK=${mark}x`)).toEqual([]);
  child.kill();
  expect(findByArguments(["-address", `${mark}-none`])).toEqual([]);
});
