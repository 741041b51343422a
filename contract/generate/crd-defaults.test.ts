import { expect, test } from "vitest";
import { z } from "zod";
import { revenproxSpec } from "../src/resource/spec.ts";

interface Schema {
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

const defaultsIn = (schema: Schema, path: string): readonly string[] => [
  ...(schema.default === undefined ? [] : [path]),
  ...Object.entries(schema.properties ?? {}).flatMap(([name, field]) => defaultsIn(field, `${path}.${name}`)),
  ...(schema.items === undefined ? [] : defaultsIn(schema.items, `${path}[]`)),
];

/**
 * The API server fills a new default into the resources that exist: where pods are made from the field, an upgrade would
 * restart them all. A field that is not here says its default in its description and leaves it to the operator.
 */
test("the CRD has no default but those that it began with", () => {
  const schema = z.toJSONSchema(revenproxSpec, { target: "openapi-3.0", io: "input" }) as Schema;
  expect(defaultsIn(schema, "spec").toSorted()).toEqual([
    "spec.monitoring.enabled",
    "spec.monitoring.intervalSec",
    "spec.nats.managed.replicas",
    "spec.nats.managed.storage",
    "spec.nats.managed.storage.size",
    "spec.progressDeadlineSeconds",
    "spec.replicas",
    "spec.service.type",
  ]);
});
