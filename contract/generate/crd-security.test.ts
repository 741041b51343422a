import { expect, test } from "vitest";
import { customResourceDefinition } from "./crd.ts";

/** What a schema may hold; a walk sees every property of the spec with its path. */
interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly enum?: readonly unknown[];
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean;
  readonly "x-kubernetes-embedded-resource"?: boolean;
  readonly "x-kubernetes-validations"?: readonly { readonly rule: string }[];
}

interface Field {
  readonly path: string;
  readonly name: string;
  readonly schema: Schema;
}

const crd = customResourceDefinition() as {
  readonly spec: { readonly versions: readonly [{ readonly schema: { readonly openAPIV3Schema: Schema } }] };
};
const spec = crd.spec.versions[0].schema.openAPIV3Schema.properties?.["spec"] ?? {};

const inside = (path: string, schema: Schema): readonly Field[] => {
  const values = typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
  return [
    ...Object.entries(schema.properties ?? {}).flatMap(([name, field]) => [
      { path: `${path}.${name}`, name, schema: field },
      ...inside(`${path}.${name}`, field),
    ]),
    ...[schema.items, values].flatMap((each) =>
      each === undefined ? [] : [{ path: `${path}[]`, name: "[]", schema: each }, ...inside(`${path}[]`, each)],
    ),
  ];
};

const fields = inside("spec", spec);
const pathsOf = (isIt: (field: Field) => boolean): readonly string[] => fields.filter(isIt).map(({ path }) => path);

test("the walk sees the deepest fields", () => {
  expect(pathsOf(() => true)).toEqual(
    expect.arrayContaining(["spec.pod.env[].secret.key", "spec.networkPolicy.extraEgress[].to[].ipBlock.cidr"]),
  );
});

/** Names in a pod that reach the node, another identity, or more rights; and those of whole parts of a pod. */
const forbidden =
  /^(host(Path|Network|PID|IPC|Port|Users|Aliases)|privileged|capabilities|securityContext|podSecurityContext|allowPrivilegeEscalation|procMount|sysctls|seccomp\w*|appArmor\w*|seLinux\w*|runAs\w*|volumes?|volumeMounts|volumeDevices|containers|initContainers|ephemeralContainers|sidecars|command|args|serviceAccount\w*|automountServiceAccountToken|shareProcessNamespace|nodeName|schedulerName|runtimeClassName|resourceClaims|envFrom|template|podTemplate|overrides|patches)$/;

test("no field reaches the host, adds capabilities or brings an identity", () =>
  expect(pathsOf(({ name }) => forbidden.test(name))).toEqual([]));

test("nothing passes unchecked through the schema", () =>
  expect(
    pathsOf(
      ({ schema }) =>
        schema["x-kubernetes-preserve-unknown-fields"] === true ||
        schema["x-kubernetes-embedded-resource"] === true ||
        schema.additionalProperties === true ||
        (schema.type === "object" && schema.properties === undefined && schema.additionalProperties === undefined),
    ),
  ).toEqual([]));

test("a namespace can be named only where a Gateway is, which decides itself whom it takes", () =>
  expect(pathsOf(({ name }) => /namespace$/i.test(name))).toEqual(["spec.route.parentRefs[].namespace"]));

const namesSecret = ({ path, name, schema }: Field): boolean =>
  schema.type === "string" &&
  (/Secret$|^secret$/.test(name) || /(S|\.s)ecret\.name$/.test(path) || path === "spec.imagePullSecrets[]");

test("a Secret is named by a name alone, which cannot lead out of the namespace", () => {
  const secrets = fields.filter(namesSecret);
  expect(secrets.length).toBeGreaterThanOrEqual(11);
  for (const { path, schema } of secrets) {
    const [rule] = schema["x-kubernetes-validations"] ?? [];
    expect(rule?.rule, path).toBe('self.matches("^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")');
  }
});

/** Keys of the proxies' configuration that stand for lists and texts have bounds of their own sections. */
test("every text, list and map has a bound, so that rules are cheap and objects small", () => {
  const unbounded = pathsOf(({ path, schema }) => {
    if (path.startsWith("spec.config.")) return false;
    if (schema.type === "string") return schema.maxLength === undefined && schema.enum === undefined;
    if (schema.type === "array") return schema.maxItems === undefined;
    return typeof schema.additionalProperties === "object" && schema.maxProperties === undefined;
  });
  expect(unbounded).toEqual([]);
});
