import { findGo } from "@revenprox/cluster/build/go";
import { command } from "@revenprox/cluster/host/command";
import { expect, test } from "vitest";

test("the load tool's own tests pass", async () => {
  const go = await findGo();
  const said = await command(go.program, ["test", "-count=1", "."], { cwd: import.meta.dirname });
  expect(said).toMatch(/^ok/);
});
