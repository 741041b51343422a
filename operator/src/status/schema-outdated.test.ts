import type { SchemaSkew } from "@revenprox/contract/resource/field-paths";
import { expect, test } from "vitest";
import { settledInput } from "../testing/live.ts";
import { status } from "./index.ts";

const many = Array.from({ length: 11 }, (_, index) => `spec.f${index}`);

test.each<[string, SchemaSkew, string, string]>([
  ["the same", { missing: [], unknown: [] }, "False UpToDate", "of this release"],
  ["an older one", { missing: ["spec.healing"], unknown: ["spec.x"] }, "True CRDOlder", "of spec.healing. Upgrade"],
  ["a newer one", { missing: [], unknown: ["spec.x"] }, "False CRDNewer", "knows nothing of spec.x"],
  ["a much older one", { missing: many, unknown: [] }, "True CRDOlder", "spec.f7 and 3 more"],
])("%s", (_, schema, verdict, text) => {
  const found = status(settledInput({}, { schema })).conditions?.find(({ type }) => type === "SchemaOutdated");
  expect(`${found?.status} ${found?.reason}`).toBe(verdict);
  expect(found?.message).toContain(text);
});

test("as long as it is not known, what was told before stays", () => {
  const older = settledInput({}, { schema: { missing: ["spec.healing"], unknown: [] } });
  const { schema: _, ...unknown } = older.facts;
  const again = status({ ...older, facts: unknown, revenprox: { ...older.revenprox, status: status(older) } });
  expect(again).toEqual(status(older));
});
