import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { askHolder, tryMutex, withMutex } from "./mutex.ts";

const fresh = () => `test-${process.pid}-${Math.random()}`;

test("a second taker is told who holds it, and gets it after the release", async () => {
  const name = fresh();
  const first = await tryMutex(name);
  const second = await tryMutex(name);
  expect(second).toMatchObject({ kind: "taken", holder: { pid: process.pid } });
  if (first.kind === "held") await first.lease.release();
  expect(await askHolder(name)).toBeUndefined();
  expect((await tryMutex(name)).kind).toBe("held");
});

test("work under one mutex never overlaps", async () => {
  const name = fresh();
  let inside = 0;
  const work = () =>
    withMutex(name, async () => {
      inside += 1;
      expect(inside).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
    });
  await Promise.all([work(), work(), work()]);
});

test("kill -9 of the holder frees it", async () => {
  const name = fresh();
  const program = `import { tryMutex } from ${JSON.stringify(new URL("./mutex.ts", import.meta.url))};
    await tryMutex(${JSON.stringify(name)}); console.log("held"); setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ["--input-type=module", "-e", program]);
  await once(holder.stdout, "data");
  expect((await tryMutex(name)).kind).toBe("taken");
  holder.kill("SIGKILL");
  await once(holder, "exit");
  expect((await tryMutex(name)).kind).toBe("held");
});
