import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { helm } from "@revenprox/cluster";
import { objectLabels } from "@revenprox/contract/labels";
import { ports } from "@revenprox/contract/ports";
import { allows, type Party, type Policy } from "@revenprox/contract/testing/policy-evaluator";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { desired } from "../src/desired/index.ts";
import { inputOf } from "../src/testing/resource.ts";

const chart = fileURLToPath(new URL("../../charts/revenprox", import.meta.url));

interface Rendered {
  readonly kind: string;
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly labels: Record<string, string> };
      readonly spec: {
        readonly containers: readonly {
          readonly env: readonly { readonly name: string; readonly valueFrom?: unknown }[];
        }[];
      };
    };
  };
}

/** The operator's pods as the chart makes them. */
const operatorTemplate = async (...values: readonly string[]) => {
  const args = ["template", "revenprox", chart, "--namespace", "system", "-s", "templates/deployment.yaml", ...values];
  const { stdout } = await promisify(execFile)(await helm(), args);
  const objects = parseAllDocuments(stdout).map((document) => document.toJS() as Rendered | null);
  const deployment = objects.find((object) => object?.kind === "Deployment");
  if (deployment === undefined || deployment === null) throw new Error("the chart renders no Deployment");
  return deployment.spec.template;
};

const pod = (namespace: string, labels: Record<string, string>): Party => ({
  kind: "pod",
  namespace,
  labels,
  address: "10.0.0.1",
});

test.each([
  ["as it comes", []],
  ["under other names and with labels of the user's", ["--set", "nameOverride=other,podLabels.team=platform"]],
])("the policies of a RevenProx let the chart's operator ask the proxies, %s", async (_, values) => {
  const { metadata, spec } = await operatorTemplate(...values);
  const namespaced = spec.containers[0]?.env.find(({ name }) => name === "POD_NAMESPACE");
  expect(namespaced?.valueFrom).toEqual({ fieldRef: { fieldPath: "metadata.namespace" } });

  const input = inputOf({});
  const objects = desired({ ...input, settings: { ...input.settings, namespace: "system" } });
  const policies = objects.filter(({ kind }) => kind === "NetworkPolicy") as unknown as readonly Policy[];
  const to = { to: pod("apps", objectLabels("web", "proxy")), port: ports.management.number };
  const world = { policies, namespaces: {} };
  expect(allows(world, { from: pod("system", metadata.labels), ...to })).toBe(true);
  expect(allows(world, { from: pod("elsewhere", metadata.labels), ...to })).toBe(false);
});
