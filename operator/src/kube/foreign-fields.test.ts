import { describe, expect, test } from "vitest";
import { foreignFields, removalOf } from "./foreign-fields.ts";
import { deploymentKind } from "./kinds.ts";
import { type JsonObject, parseLiveObject } from "./object.ts";

const manager = "revenprox-operator";
const containers = [{ name: "proxy", image: "proxy:1", env: [{ name: "TZ", value: "UTC" }], args: ["run"] }];
const volumes = [{ name: "config", configMap: { name: "c" } }];
const templateOf = (spec: JsonObject): JsonObject => ({ spec: { template: { spec } } });
const desired = templateOf({ containers, volumes, securityContext: { runAsNonRoot: true } });

/** A Deployment whose pods' spec is this, of which `fields` are claimed by another manager. */
const live = (spec: JsonObject, fields: JsonObject, entry: object = {}) =>
  parseLiveObject(
    {
      metadata: {
        name: "web",
        resourceVersion: "1",
        managedFields: [
          { manager, operation: "Apply", fieldsV1: {} },
          {
            manager: "kubectl-set",
            operation: "Update",
            fieldsV1: { "f:spec": { "f:template": { "f:spec": fields } } },
            ...entry,
          },
        ],
      },
      ...templateOf(spec),
    },
    deploymentKind,
    manager,
  );

const inProxy = (fields: JsonObject): JsonObject => ({ "f:containers": { 'k:{"name":"proxy"}': fields } });
const debug = { name: "DEBUG", value: "1" };
const withEnv = (...env: readonly JsonObject[]): JsonObject => ({ containers: [{ ...containers[0], env }], volumes });
const envField = (name: string) => ({ [`k:{"name":"${name}"}`]: { ".": {}, "f:name": {}, "f:value": {} } });
const inPods = "/spec/template/spec";

interface Case {
  readonly name: string;
  readonly spec: JsonObject;
  readonly fields: JsonObject;
  readonly named: readonly string[];
  readonly removed: readonly string[];
}

describe("what others put into a pod template", () => {
  test.each<Case>([
    {
      name: "a variable",
      spec: withEnv({ name: "TZ", value: "UTC" }, debug),
      fields: inProxy({ "f:env": envField("DEBUG") }),
      named: ['.spec.template.spec.containers[name="proxy"].env[name="DEBUG"]'],
      removed: [`${inPods}/containers/0/env/1`],
    },
    {
      name: "a list that the operator does not set",
      spec: { containers: [{ ...containers[0], envFrom: [{ secretRef: { name: "s" } }] }] },
      fields: inProxy({ "f:envFrom": {} }),
      named: ['.spec.template.spec.containers[name="proxy"].envFrom'],
      removed: [`${inPods}/containers/0/envFrom`],
    },
    {
      name: "a field of the pod, and one of a map",
      spec: { hostNetwork: true, securityContext: { runAsNonRoot: true, runAsUser: 0 } },
      fields: { "f:hostNetwork": {}, "f:securityContext": { "f:runAsUser": {} } },
      named: [".spec.template.spec.hostNetwork", ".spec.template.spec.securityContext.runAsUser"],
      removed: [`${inPods}/securityContext/runAsUser`, `${inPods}/hostNetwork`],
    },
    {
      name: "a container and a volume, the later one of a list first",
      spec: {
        containers: [{ name: "spy" }, containers[0] as JsonObject, { name: "z" }],
        volumes: [...volumes, { name: "v" }],
      },
      fields: {
        "f:containers": { 'k:{"name":"spy"}': { ".": {} }, 'k:{"name":"z"}': { ".": {} } },
        "f:volumes": { 'k:{"name":"v"}': { ".": {} } },
      },
      named: [
        '.spec.template.spec.containers[name="spy"]',
        '.spec.template.spec.containers[name="z"]',
        '.spec.template.spec.volumes[name="v"]',
      ],
      removed: [`${inPods}/volumes/1`, `${inPods}/containers/2`, `${inPods}/containers/0`],
    },
  ])("$name goes, and nothing else", ({ spec, fields, named, removed }) => {
    const foreign = foreignFields(desired, live(spec, fields));
    expect(foreign.map(({ manager: of }) => of)).toEqual(named.map(() => "kubectl-set"));
    expect(foreign.map(({ field }) => field)).toEqual(named);
    const patch = removalOf(foreign);
    expect(patch.filter(({ op }) => op === "remove").map(({ path }) => path)).toEqual(removed);
  });

  test.each<[string, JsonObject, JsonObject, object?]>([
    ["what both say", withEnv({ name: "TZ", value: "UTC" }), inProxy({ "f:env": envField("TZ"), "f:image": {} })],
    ["what is gone already", withEnv(), inProxy({ "f:env": envField("DEBUG") })],
    ["a list that is ours as a whole", withEnv(), inProxy({ "f:args": {} })],
  ])("%s stays", (_, spec, fields, entry) => {
    expect(foreignFields(desired, live(spec, fields, entry))).toEqual([]);
  });

  test("annotations and labels of the pods, and what is not of the pods, are not kept in memory", () => {
    const fieldsV1 = { "f:spec": { "f:template": { "f:metadata": {} }, "f:paused": {} }, "f:status": {} };
    expect(live({}, {}, { fieldsV1 }).metadata.ofOthers).toBeUndefined();
  });
});

test("a patch knows the items again, also where an index has moved", () => {
  const fields = inProxy({ "f:env": envField("DEBUG"), "f:ports": { 'k:{"containerPort":1,"protocol":"TCP"}': {} } });
  const spec = { containers: [{ name: "proxy", env: [debug], ports: [{ containerPort: 1, protocol: "TCP" }] }] };
  const patch = removalOf(
    foreignFields(templateOf({ containers: [{ name: "proxy", ports: [], env: [] }] }), live(spec, fields)),
  );
  expect(patch.filter(({ op }) => op === "test")).toEqual([
    { op: "test", path: `${inPods}/containers/0/name`, value: "proxy" },
    { op: "test", path: `${inPods}/containers/0/env/0/name`, value: "DEBUG" },
    { op: "test", path: `${inPods}/containers/0/name`, value: "proxy" },
    { op: "test", path: `${inPods}/containers/0/ports/0/containerPort`, value: 1 },
    { op: "test", path: `${inPods}/containers/0/ports/0/protocol`, value: "TCP" },
  ]);
});
