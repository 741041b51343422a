import { expect, test } from "vitest";
import { pidsOf } from "./process-table.ts";
import { cores, spawnPinned, untilReady } from "./processes.ts";

/** `set -m`: the shell gives the child a process group of its own. */
const withChild = "set -m; sleep 1000 & echo child $!; wait";

test("a program is counted and ended with its children, also with those of other process groups", async () => {
  const program = spawnPinned({ cores: cores.server, program: "bash", args: ["-c", withChild] });
  const child = Number(await untilReady(program, () => /^child (\d+)$/m.exec(program.output())?.[1]));
  expect(pidsOf([program.pid])).toEqual(expect.arrayContaining([program.pid, child]));
  await program.stop();
  expect(pidsOf([program.pid])).toEqual([]);
});
