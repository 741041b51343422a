import { selectorLabels } from "@revenprox/contract/labels";
import { describe, expect, test } from "vitest";
import { everythingSet, inputOf } from "../testing/resource.ts";
import { desired } from "./index.ts";

interface Template {
  readonly metadata: { readonly labels: Record<string, string>; readonly annotations?: Record<string, string> };
  readonly spec: Readonly<Record<string, unknown>> & { readonly containers: readonly { readonly env: unknown }[] };
}

const template = (kind: "Deployment" | "StatefulSet", spec: unknown): Template => {
  const object = desired(inputOf(spec)).find((each) => each.kind === kind);
  if (object === undefined) throw new Error(`no ${kind} is desired`);
  return (object["spec"] as { readonly template: Template }).template;
};

const ofProxies = (pod: unknown): Template => template("Deployment", { pod });

describe("what is added to pods", () => {
  test("never takes away the labels that they are found by", () => {
    expect(template("Deployment", everythingSet).metadata.labels).toMatchObject({
      team: "streams",
      ...selectorLabels("web", "proxy"),
    });
  });

  test("nor the annotations that roll them", () => {
    const hash = "revenprox.io/nats-config-hash";
    const forged = { nats: { managed: { pod: { annotations: { [hash]: "forged" } } } } };
    expect(template("StatefulSet", forged).metadata.annotations?.[hash]).toBe(
      template("StatefulSet", {}).metadata.annotations?.[hash],
    );
  });

  test("of proxies stays with the proxies, of NATS with NATS", () => {
    const before = template("StatefulSet", {});
    expect(template("StatefulSet", { pod: everythingSet.pod })).toEqual(before);
    expect(template("Deployment", { nats: { managed: { pod: everythingSet.nats.managed.pod } } })).toEqual(
      template("Deployment", {}),
    );
  });

  test("registry credentials are for both", () => {
    for (const kind of ["Deployment", "StatefulSet"] as const)
      expect(template(kind, { imagePullSecrets: ["a", "b"] }).spec).toMatchObject({
        imagePullSecrets: [{ name: "a" }, { name: "b" }],
      });
  });
});

test("rules about nodes must all hold, wishes have a weight", () => {
  const rules = [
    { key: "pool", operator: "In", values: ["a"] },
    { key: "spot", operator: "DoesNotExist" },
    { key: "fast", operator: "Exists", weight: 7 },
  ];
  expect(ofProxies({ nodeAffinity: rules }).spec["affinity"]).toEqual({
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          {
            matchExpressions: [
              { key: "pool", operator: "In", values: ["a"] },
              { key: "spot", operator: "DoesNotExist" },
            ],
          },
        ],
      },
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 7, preference: { matchExpressions: [{ key: "fast", operator: "Exists" }] } },
      ],
    },
  });
});

test("an own spread replaces ours, and none is none", () => {
  const keys = (pod: unknown) =>
    (ofProxies(pod).spec["topologySpreadConstraints"] as readonly { topologyKey: string }[]).map(
      ({ topologyKey }) => topologyKey,
    );
  expect(keys({})).toEqual(["topology.kubernetes.io/zone", "kubernetes.io/hostname"]);
  expect(keys({ topologySpread: [{ topologyKey: "rack" }] })).toEqual(["rack"]);
  expect(keys({ topologySpread: [] })).toEqual([]);
});

test("variables are values or entries of Secrets", () => {
  const env = [
    { name: "TZ", value: "UTC" },
    { name: "KEY", secret: { name: "s", key: "k" } },
  ];
  expect(ofProxies({ env }).spec.containers[0]?.env).toEqual(
    expect.arrayContaining([
      { name: "TZ", value: "UTC" },
      { name: "KEY", valueFrom: { secretKeyRef: { name: "s", key: "k" } } },
    ]),
  );
});
