import { z } from "zod";
import { revenproxSpec } from "./spec.ts";
import { revenproxStatus } from "./status.ts";

/** A JSON or OpenAPI schema as far as it is read here. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean;
}

/** What a schema lets through. */
export interface FieldPaths {
  /** Such as `spec.nats.managed.replicas`, `spec.slo[].name` for items, `spec.pod.labels.*` for any key. */
  readonly fields: ReadonlySet<string>;
  /** Paths below which everything is kept. */
  readonly open: ReadonlySet<string>;
}

interface Found {
  readonly fields: Set<string>;
  readonly open: Set<string>;
}

const walk = (schema: Schema, path: string, found: Found): void => {
  if (schema["x-kubernetes-preserve-unknown-fields"] === true) found.open.add(path);
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const field = `${path}.${name}`;
    found.fields.add(field);
    walk(property, field, found);
  }
  if (schema.items !== undefined) walk(schema.items, `${path}[]`, found);
  if (typeof schema.additionalProperties === "object") walk(schema.additionalProperties, `${path}.*`, found);
  for (const option of schema.anyOf ?? []) walk(option, path, found);
};

/** The fields of `spec` and `status` in a schema of the whole object. */
export const fieldPaths = ({
  properties = {},
}: {
  readonly properties?: Readonly<Record<string, unknown>>;
}): FieldPaths => {
  const found: Found = { fields: new Set(), open: new Set() };
  for (const part of ["spec", "status"]) walk((properties[part] ?? {}) as Schema, part, found);
  return found;
};

/** The fields that this release knows. */
export const revenproxFieldPaths = (): FieldPaths => {
  const schemaOf = (schema: z.ZodType) => z.toJSONSchema(schema, { target: "openapi-3.0", io: "input" });
  return fieldPaths({ properties: { spec: schemaOf(revenproxSpec), status: schemaOf(revenproxStatus) } });
};

/** How the schema that a cluster serves differs from this release's. */
export interface SchemaSkew {
  /** Fields that the API server drops from what is sent, without a word. */
  readonly missing: readonly string[];
  /** Fields that it takes and this release does not know. */
  readonly unknown: readonly string[];
}

/** Of `spec.a[].b`: `spec`, `spec.a` and `spec.a[]`. */
const ancestors = (path: string): readonly string[] =>
  [...path.matchAll(/\.|(?=\[\])/g)].map(({ index }) => path.slice(0, index));

const without = (these: FieldPaths, others: FieldPaths): readonly string[] =>
  [...these.fields].filter(
    (path) => !others.fields.has(path) && !ancestors(path).some((each) => others.open.has(each)),
  );

/** `value`, found at `path`, without the fields that are missing there. */
export const withoutFields = (value: unknown, path: string, missing: ReadonlySet<string>): unknown => {
  if (Array.isArray(value)) return value.map((item) => withoutFields(item, `${path}[]`, missing));
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([name]) => !missing.has(`${path}.${name}`));
  return Object.fromEntries(kept.map(([name, each]) => [name, withoutFields(each, `${path}.${name}`, missing)]));
};

/** Of several missing fields below each other the topmost is enough. */
const topmost = (paths: readonly string[]): readonly string[] => {
  const all = new Set(paths);
  return paths.filter((path) => !ancestors(path).some((each) => all.has(each))).toSorted();
};

export const schemaSkew = (own: FieldPaths, served: FieldPaths): SchemaSkew => ({
  missing: topmost(without(own, served)),
  unknown: topmost(without(served, own)),
});
