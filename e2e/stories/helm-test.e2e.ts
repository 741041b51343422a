import { beforeAll, expect, test } from "vitest";
import type { Platform } from "../environment/platform.ts";
import { operatorNamespace } from "../environment/release.ts";
import { attachedPlatform } from "./attached-platform.ts";

let platform: Platform;

beforeAll(async () => {
  platform = await attachedPlatform();
});

const left = (kinds: string): Promise<string> =>
  platform.kubectl(["--namespace", operatorNamespace, "get", kinds, "--output", "name"]);

test("helm test opens a stream, publishes, and resumes across the deletion of a pod; nothing of it stays", async () => {
  const said = await platform.helm([
    "test",
    "revenprox",
    "--namespace",
    operatorNamespace,
    "--timeout",
    "5m",
    "--logs",
  ]);
  expect(said).toMatch(/Phase:\s+Succeeded/);
  expect(said).toMatch(/resumed on another and got all \d+ events, each once/);
  expect(await left("revenprox,role,serviceaccount,pod")).not.toContain("-test");
});
