import { fieldPaths } from "@revenprox/contract/resource/field-paths";
import { expect, test } from "vitest";
import { KubeError } from "./kube-error.ts";
import { createServedSchema } from "./served-schema.ts";
import { fakeScheduler, fakeServer } from "./testing/fakes.ts";

const leaf = { type: "string" };
const schemaOf = (...names: readonly string[]) => ({
  properties: { spec: { properties: Object.fromEntries(names.map((name) => [name, leaf])) } },
});
const kind = { "x-kubernetes-group-version-kind": [{ group: "revenprox.io", kind: "RevenProx" }] };
const list = { "x-kubernetes-group-version-kind": [{ group: "revenprox.io", kind: "RevenProxList" }] };

/** A cluster whose CRD has these fields of the spec; undefined: none is served. */
const harness = (first: readonly string[] | undefined) => {
  let served = first;
  let broken = false;
  const scheduler = fakeScheduler();
  const told: unknown[] = [];
  const { client, calls } = fakeServer(({ path }) => {
    if (broken) throw new KubeError(503, "{}", "GET");
    if (path !== "/openapi/v3")
      return { components: { schemas: { a: list, b: { ...kind, ...schemaOf(...(served ?? [])) } } } };
    const serverRelativeURL = `/openapi/v3/apis/revenprox.io/v1alpha1?hash=${served?.join("")}`;
    return { paths: served === undefined ? {} : { "apis/revenprox.io/v1alpha1": { serverRelativeURL } } };
  });
  const schema = createServedSchema({
    client,
    scheduler,
    own: fieldPaths(schemaOf("a", "b")),
    onChange: (now) => told.push(now),
    onFailed: () => told.push("failed"),
  });
  return {
    schema,
    scheduler,
    told,
    calls,
    serve: (next: readonly string[]) => (served = next),
    fail: (is: boolean) => (broken = is),
  };
};

test("an older CRD is noticed at the start, and its end while running; the document is read once", async () => {
  const { schema, scheduler, told, calls, serve } = harness(["a"]);
  await schema.start();
  expect(told).toEqual([{ missing: ["spec.b"], unknown: [] }]);
  await scheduler.advance(60_000);
  expect(calls).toEqual(["GET /openapi/v3", "GET /openapi/v3/apis/revenprox.io/v1alpha1?hash=a", "GET /openapi/v3"]);
  serve(["a", "b"]);
  await scheduler.advance(60_000);
  expect(schema.skew).toEqual({ missing: [], unknown: [] });
  serve(["a", "b", "c"]);
  await scheduler.advance(60_000);
  expect(schema.skew).toEqual({ missing: [], unknown: ["spec.c"] });
  expect(told).toHaveLength(3);
  schema.stop();
  expect(scheduler.waiting()).toEqual([]);
});

test("what is not known stays as it was", async () => {
  const { schema, scheduler, told, fail } = harness(["a"]);
  await schema.start();
  fail(true);
  await scheduler.advance(60_000);
  expect(told.at(-1)).toBe("failed");
  expect(schema.skew?.missing).toEqual(["spec.b"]);
});

test("without a CRD nothing is said", async () => {
  const { schema, told } = harness(undefined);
  await schema.start();
  expect([schema.skew, told]).toEqual([undefined, []]);
  schema.stop();
});
