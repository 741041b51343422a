import { execFile } from "node:child_process";
import { type ControlPlane, startControlPlane } from "@revenprox/cluster";
import { afterAll, beforeAll, expect, test } from "vitest";
import { desired } from "../src/desired/index.ts";
import type { DesiredObject } from "../src/reconcile/ports.ts";
import { externalWithCredentials } from "../src/testing/alternatives.ts";
import { everythingSet, inputOf } from "../src/testing/resource.ts";

/** Refuses pods that break the restricted Pod Security Standard, and warns of templates that would. */
const namespace = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: {
    name: "apps",
    labels: {
      "pod-security.kubernetes.io/enforce": "restricted",
      "pod-security.kubernetes.io/warn": "restricted",
    },
  },
};

let controlPlane: ControlPlane;

interface Answer {
  readonly output: string;
  /** Warnings and errors. */
  readonly complaints: string;
}

const kubectl = (args: readonly string[], object: unknown): Promise<Answer> =>
  new Promise((resolve) => {
    const child = execFile(
      controlPlane.kubectl,
      ["--kubeconfig", controlPlane.kubeconfig, ...args, "--filename", "-"],
      (_, output, complaints) => resolve({ output, complaints }),
    );
    child.stdin?.end(JSON.stringify(object));
  });

const apply = (object: unknown): Promise<Answer> => kubectl(["apply", "--server-side", "--validate=strict"], object);

const podOf = (object: DesiredObject) => {
  const { template } = object["spec"] as { readonly template: { metadata: object; spec: Record<string, unknown> } };
  const { volumes = [], ...spec } = template.spec as { readonly volumes?: readonly unknown[] };
  // What the StatefulSet controller adds.
  const claim = { name: "journal", persistentVolumeClaim: { claimName: "journal" } };
  const all = object.kind === "StatefulSet" ? [...volumes, claim] : volumes;
  const metadata = { ...template.metadata, name: object.metadata.name, namespace: "apps" };
  return { apiVersion: "v1", kind: "Pod", metadata, spec: { ...spec, volumes: all } };
};

const standardObjects = (spec: unknown): readonly DesiredObject[] =>
  desired(inputOf(spec)).filter(({ apiVersion }) => !/^(monitoring|gateway)\./.test(apiVersion));

beforeAll(async () => {
  controlPlane = await startControlPlane();
  expect((await apply(namespace)).complaints).toBe("");
  for (const name of [everythingSet.pod.priorityClassName, everythingSet.nats.managed.pod.priorityClassName]) {
    const priority = { apiVersion: "scheduling.k8s.io/v1", kind: "PriorityClass", metadata: { name }, value: 1 };
    expect((await apply(priority)).complaints).toBe("");
  }
});
afterAll(() => controlPlane.stop());

test.each([
  ["{}", {}],
  ["an external NATS", externalWithCredentials],
  ["everything set", everythingSet],
])("a real API server takes every object of %s, and the restricted standard its pods", async (_, spec) => {
  for (const object of standardObjects(spec)) {
    const complaints = `${object.kind} ${object.metadata.name}: ${(await apply(object)).complaints}`;
    expect(complaints).toBe(`${object.kind} ${object.metadata.name}: `);
  }
  for (const object of standardObjects(spec).filter(({ kind }) => kind === "Deployment" || kind === "StatefulSet")) {
    const answer = await kubectl(["create", "--dry-run=server", "--validate=strict", "--output=json"], podOf(object));
    expect(answer.complaints).toBe("");
    expect(JSON.parse(answer.output)).toMatchObject({ kind: "Pod" });
  }
  const items = standardObjects(spec);
  expect((await kubectl(["delete"], { apiVersion: "v1", kind: "List", items })).complaints).toBe("");
});
