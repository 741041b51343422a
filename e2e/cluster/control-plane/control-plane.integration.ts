import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { command } from "../host/command.ts";
import { startControlPlane } from "./control-plane.ts";

test("two at once; one survives kill -9 of its apiserver with its data; requests are counted; nothing stays", async () => {
  const [one, other] = await Promise.all([startControlPlane({ audit: true }), startControlPlane()]);
  const kubectl = (...args: string[]) => command(one.kubectl, ["--kubeconfig", one.kubeconfig, ...args]);
  await kubectl("create", "namespace", "kept");
  await one.kill();
  await expect(kubectl("get", "namespace", "kept")).rejects.toThrow("refused");
  await one.restart();
  expect(await kubectl("get", "namespace", "kept", "-o", "name")).toBe("namespace/kept\n");
  const created = readFileSync(one.auditLog ?? "", "utf8")
    .trim()
    .split("\n")
    .map(
      (line) => JSON.parse(line) as { verb: string; userAgent: string; objectRef?: { resource: string; name: string } },
    )
    .filter(
      ({ verb, objectRef }) => verb === "create" && objectRef?.resource === "namespaces" && objectRef.name === "kept",
    );
  expect(created).toHaveLength(1);
  expect(created[0]?.userAgent).toMatch(/^kubectl/);
  await Promise.all([one.stop(), other.stop()]);
  expect([one, other].filter(({ kubeconfig }) => existsSync(dirname(kubeconfig)))).toEqual([]);
}, 400_000);
