import { describe, expect, test } from "vitest";
import type { DesiredInput, DesiredObject, KubernetesObject } from "../reconcile/ports.ts";
import { everythingSet, inputOf } from "../testing/resource.ts";
import { isHeldBack } from "./held-template.ts";
import { desired } from "./index.ts";

const workloadsOf = (input: DesiredInput): readonly DesiredObject[] =>
  desired(input).filter(({ kind }) => kind === "Deployment" || kind === "StatefulSet");

const templateOf = (object: KubernetesObject | undefined): unknown =>
  (object?.["spec"] as { readonly template?: unknown } | undefined)?.template;

/** What another operator, which made pods with one more label, had applied for this input. */
const appliedByAnother = (input: DesiredInput): readonly KubernetesObject[] =>
  workloadsOf(input).map((object) => {
    const other = structuredClone(object) as unknown as {
      spec: { template: { metadata: { labels: Record<string, string> } } };
    };
    other.spec.template.metadata.labels["made-by"] = "another";
    return other as unknown as KubernetesObject;
  });

const held = (before: DesiredInput, now: DesiredInput): readonly string[] =>
  workloadsOf({ ...now, applied: appliedByAnother(before) })
    .filter(isHeldBack)
    .map(({ kind }) => kind);

const both = ["StatefulSet", "Deployment"];

describe("the pod template of another operator", () => {
  test("stays as it is, field for field, when nothing else asks for new pods", () => {
    const input = inputOf({});
    const applied = appliedByAnother(input);
    for (const object of workloadsOf({ ...input, applied })) {
      expect(isHeldBack(object)).toBe(true);
      expect(templateOf(object)).toEqual(templateOf(applied.find(({ kind }) => kind === object.kind)));
    }
  });

  test.each<[string, unknown, readonly string[]]>([
    ["replicas", { replicas: 9 }, both],
    ["what is not of pods", { service: { type: "NodePort" }, monitoring: { enabled: false } }, both],
    ["a key that proxies take while they run", { config: { http: { keepaliveIntervalSec: 31 } } }, both],
    ["a key that they read at their start", { config: { http: { engine: "node" } } }, ["StatefulSet"]],
    ["resources of the proxies", { resources: { requests: { cpu: "2" } } }, ["StatefulSet"]],
    ["the image of the proxies", { image: "registry.example/proxy:3" }, ["StatefulSet"]],
    ["the image of NATS", { nats: { managed: { image: "registry.example/nats:3" } } }, ["Deployment"]],
    ["resources of NATS", { nats: { managed: { resources: { requests: { cpu: "2" } } } } }, ["Deployment"]],
    ["registry credentials", { imagePullSecrets: ["own"] }, []],
  ])("a change of %s brings the operator's own where pods are new anyway", (_, spec, stay) => {
    expect(held(inputOf({}), inputOf(spec))).toEqual(stay);
  });

  test("Automatic brings it at once", () => {
    expect(held(inputOf({}), inputOf({ upgradePolicy: "Automatic" }))).toEqual([]);
  });

  test("a new password of NATS brings it there", () => {
    const now = inputOf({});
    const secrets = { ...now.facts.secrets, natsUsers: { exists: true, revision: "2" } };
    expect(held(now, { ...now, facts: { ...now.facts, secrets } })).toEqual(["Deployment"]);
  });

  test("a renewed certificate of NATS brings it there", () => {
    const now = inputOf({ nats: { managed: { tls: { enabled: true } } } });
    const server = { exists: true, revision: "2" };
    const secrets = { ...now.facts.secrets, natsTls: { authority: server, server } };
    expect(held(now, { ...now, facts: { ...now.facts, secrets } })).toEqual(["Deployment"]);
  });

  test("stays when somebody writes down that NATS has no TLS, as before", () => {
    expect(held(inputOf({}), inputOf({ nats: { managed: { tls: { enabled: false } } } }))).toEqual(both);
  });

  test("is not taken for another operator's when it is the same", () => {
    const input = inputOf(everythingSet);
    expect(workloadsOf({ ...input, applied: workloadsOf(input) }).filter(isHeldBack)).toEqual([]);
  });
});

describe("an operator of version 0.1, which wrote no cause", () => {
  const applied = (input: DesiredInput) =>
    appliedByAnother(input).map((object) => {
      const { annotations: _, ...metadata } = object.metadata;
      return { ...object, metadata } as KubernetesObject;
    });
  const seen = (observedGeneration: number): DesiredInput => {
    const input = inputOf({});
    return { ...input, revenprox: { ...input.revenprox, status: { observedGeneration } } };
  };
  const heldAfter = (input: DesiredInput) =>
    workloadsOf({ ...input, applied: applied(inputOf({})) }).filter(isHeldBack);

  test("had seen the present spec: its template stays", () => expect(heldAfter(seen(3))).toHaveLength(2));
  test("had not seen it: the template is made anew", () => expect(heldAfter(seen(2))).toHaveLength(0));
});
