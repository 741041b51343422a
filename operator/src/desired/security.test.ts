import { names } from "@revenprox/contract/names";
import { describe, expect, test } from "vitest";
import type { DesiredObject } from "../reconcile/ports.ts";
import { externalWithCredentials } from "../testing/alternatives.ts";
import { everythingSet, inputOf } from "../testing/resource.ts";
import { desired } from "./index.ts";

interface PodSpec {
  readonly [field: string]: unknown;
  readonly volumes?: readonly Readonly<Record<string, unknown>>[];
  readonly containers: readonly Readonly<Record<string, unknown>>[];
}

const podsIn = (objects: readonly DesiredObject[]): readonly PodSpec[] =>
  objects
    .filter(({ kind }) => kind === "Deployment" || kind === "StatefulSet")
    .map((object) => (object["spec"] as { readonly template: { readonly spec: PodSpec } }).template.spec);

/** Every `name` below a key that names a Secret. */
const secretsIn = (value: unknown): readonly string[] => {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === "secretName") return [String(inner)];
    if (key === "secretKeyRef") return [(inner as { name: string }).name];
    return secretsIn(inner);
  });
};

/** Every text in the spec, whatever its field. */
const textsIn = (value: unknown): readonly string[] => {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
};

const own = names("web");
const generated: readonly string[] = [own.publishKey, own.managementTokens, own.natsUsers, own.natsTls];

describe.each([
  ["{}", {}],
  ["an external NATS", externalWithCredentials],
  ["everything set", everythingSet],
])("of %s", (_, spec) => {
  const objects = desired(inputOf(spec));

  test("every object lies in the resource's own namespace", () => {
    expect([...new Set(objects.map(({ metadata }) => metadata.namespace))]).toEqual(["apps"]);
  });

  test("nothing is made that gives rights", () => {
    expect(objects.map(({ kind }) => kind).filter((kind) => /Role|Webhook|Token|CustomResource/.test(kind))).toEqual(
      [],
    );
  });

  test("pods see nothing of the host", () => {
    for (const pod of podsIn(objects)) {
      expect(Object.keys(pod).filter((field) => field.startsWith("host") || field === "nodeName")).toEqual([]);
      for (const { name, ...source } of pod.volumes ?? [])
        expect(["configMap", "secret", "emptyDir"], String(name)).toContain(Object.keys(source)[0]);
      for (const { ports = [] } of pod.containers) expect(JSON.stringify(ports)).not.toContain("hostPort");
    }
  });

  test("pods and containers are confined, whatever the spec says", () => {
    for (const pod of podsIn(objects)) {
      expect(pod).toMatchObject({
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      });
      for (const container of pod.containers)
        expect(container["securityContext"]).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        });
    }
  });

  test("pods get the Secrets that the spec names and the instance's own, and no others", () => {
    const allowed = new Set([...generated, ...textsIn(spec)]);
    const found = secretsIn(podsIn(objects));
    expect(found.length).toBeGreaterThan(0);
    expect(found.filter((name) => !allowed.has(name))).toEqual([]);
  });

  test("of the NATS users proxies get their own password and no other", () => {
    const [proxies] = podsIn(objects.filter(({ kind }) => kind === "Deployment"));
    const sources = (proxies?.volumes ?? []).map(({ secret }) => secret as { secretName?: string; items?: unknown });
    const users = sources.filter((source) => source?.secretName === own.natsUsers);
    expect(users.every(({ items }) => JSON.stringify(items) === '[{"key":"proxy","path":"password"}]')).toBe(true);
    expect(secretsIn(proxies?.containers)).not.toContain(own.natsUsers);
  });
});
