import { beforeAll, expect, test } from "vitest";
import type { Platform } from "../environment/platform.ts";
import { operatorNamespace } from "../environment/release.ts";
import { attachedPlatform } from "./attached-platform.ts";

let platform: Platform;

beforeAll(async () => {
  platform = await attachedPlatform();
});

const ask = (...args: readonly string[]): Promise<string> =>
  platform
    .kubectl(["--namespace", operatorNamespace, ...args])
    .catch((error: unknown) => (error instanceof Error ? error.message : String(error)));

/** What the cluster holds of a test that failed. */
const leftBehind = async (): Promise<string> => {
  const parts = [
    await ask("logs", "revenprox-operator-test", "--tail=40"),
    await ask("get", "revenprox,pods,services,endpointslices", "--output", "wide"),
    await ask("get", "revenprox", "--output", "jsonpath={.items[*].status.conditions}"),
    await ask("get", "events", "--sort-by=.lastTimestamp"),
  ];
  return parts.map((part) => part.slice(-6_000)).join("\n");
};

test("helm test opens a stream, publishes, and resumes across the deletion of a pod; nothing of it stays", async () => {
  const args = ["test", "revenprox", "--namespace", operatorNamespace, "--timeout", "3m", "--logs"];
  const said = await platform.helm(args).catch(async (error: unknown) => {
    throw new Error(`helm test failed; the cluster says:\n${await leftBehind()}`, { cause: error });
  });
  expect(said).toMatch(/Phase:\s+Succeeded/);
  expect(said).toMatch(/resumed on another and got all \d+ events, each once/);
  expect(await ask("get", "revenprox,role,serviceaccount,pod", "--output", "name")).not.toContain("-test");
});
