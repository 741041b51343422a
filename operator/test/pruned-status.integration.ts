import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { crdFile, eventually, isChildWrite, revenprox, statusOf } from "./support/cluster.ts";
import { untilQuiet } from "./support/quiet.ts";
import { clusterOfFile, operatorOfFile } from "./support/stage.ts";

/** A look each second instead of each minute. */
const speed = 60;
const dropped = ["children", "defaultImages", "natsStatus", "rollout", "readyReplicas", "healing"];

interface Schema {
  readonly properties: Readonly<Record<string, Schema>>;
}
interface Definition {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[] };
}

/** The CRD of this release without these fields of the status, as one of an earlier release. */
const withoutFields = async (): Promise<Definition> => {
  const crd = parse(await readFile(crdFile, "utf8")) as Definition;
  const status = crd.spec.versions[0]?.schema.openAPIV3Schema.properties["status"]?.properties as Record<
    string,
    Schema
  >;
  for (const field of dropped) delete status[field];
  return crd;
};

const cluster = clusterOfFile({ prepare: async (made) => made.kubectlApply(await withoutFields()) });
const operator = operatorOfFile(cluster, { speed });

const isWrite = ({ verb }: { readonly verb: string }) => ["create", "update", "patch", "delete"].includes(verb);
const writes = async () => (await cluster.operatorRequests()).filter(isWrite);

const lookedAgain = async () => {
  const looks = () => operator.metric("revenprox_operator_reconcile_total");
  const before = await looks();
  await eventually("it looked again and again", async () => (await looks()) > before + 5, 60);
};

test("under a CRD that lacks fields of the status the others are told, nothing is written again and again, and changes still are", async () => {
  await cluster.kubectlApply(revenprox("web"));
  await eventually(
    "the status is said, as far as it is kept",
    async () => (await statusOf(cluster, "web")).conditions?.some(({ type }) => type === "SchemaOutdated"),
    60,
  );
  await untilQuiet(cluster, "web");
  expect(await statusOf(cluster, "web")).not.toHaveProperty("children");
  const before = (await writes()).length;
  await lookedAgain();
  expect((await writes()).slice(before)).toEqual([]);

  await cluster.kubectl("patch", "revenprox", "web", "--type=merge", "-p", '{"spec":{"replicas":0}}');
  await untilQuiet(cluster, "web");
  expect((await writes()).slice(before).some(isChildWrite)).toBe(true);
  const after = (await writes()).length;
  await lookedAgain();
  expect((await writes()).slice(after)).toEqual([]);
});

test("nor where somebody else has written into the status", async () => {
  await cluster.kubectlApply(revenprox("guest"));
  await untilQuiet(cluster, "guest");
  const foreign = {
    conditions: [
      { type: "Guest", status: "True", reason: "Here", message: "", lastTransitionTime: "2026-11-23T00:00:00Z" },
    ],
  };
  await cluster.client.request({
    method: "PATCH",
    path: "/apis/revenprox.io/v1alpha1/namespaces/default/revenproxes/guest/status",
    query: { fieldManager: "guest" },
    contentType: "application/apply-patch+yaml",
    body: { ...revenprox("guest"), spec: undefined, status: foreign },
  });
  await lookedAgain();
  await untilQuiet(cluster, "guest");
  const before = (await writes()).length;
  await lookedAgain();
  expect((await writes()).slice(before)).toEqual([]);
  expect(JSON.stringify((await statusOf(cluster, "guest")).conditions)).toContain("Guest");
});
