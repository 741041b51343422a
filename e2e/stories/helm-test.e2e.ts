import { beforeAll, expect, test } from "vitest";
import type { Platform } from "../environment/platform.ts";
import { operatorNamespace } from "../environment/release.ts";
import { attachedPlatform } from "./attached-platform.ts";

let platform: Platform;

beforeAll(async () => {
  platform = await attachedPlatform();
});

const inNamespace = (...args: readonly string[]): Promise<string> =>
  platform.kubectl(["--namespace", operatorNamespace, ...args]);

const left = (kinds: string): Promise<string> => inNamespace("get", kinds, "--output", "name");

/** What is there when the test has failed; its pod stays for its log. */
const scene = async (): Promise<string> => {
  const views = [
    ["logs", "pod/revenprox-operator-test"],
    ["logs", "deployment/revenprox-operator", "--all-pods", "--prefix", "--tail=40"],
    ["get", "revenprox,pods,persistentvolumeclaims", "--output", "wide"],
    ["get", "events", "--sort-by=.lastTimestamp"],
  ].map((args) => inNamespace(...args).catch(String));
  return (await Promise.all(views)).join("\n");
};

const helmTest = async (): Promise<string> => {
  try {
    return await platform.helm(["test", "revenprox", "--namespace", operatorNamespace, "--timeout", "3m", "--logs"]);
  } catch (error) {
    throw new Error(`helm test failed; what is there:\n${await scene()}`, { cause: error });
  }
};

test("helm test opens a stream, publishes, and resumes across the deletion of a pod; nothing of it stays", async () => {
  const said = await helmTest();
  expect(said).toMatch(/Phase:\s+Succeeded/);
  expect(said).toMatch(/resumed on another and got all \d+ events, each once/);
  expect(await left("revenprox,role,serviceaccount,pod")).not.toContain("-test");
});
