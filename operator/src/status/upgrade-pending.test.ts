import { expect, test } from "vitest";
import type { StatusInput } from "../reconcile/ports.ts";
import { settledInput } from "../testing/live.ts";
import { next, testCases } from "../testing/status-case.contract.ts";
import { status } from "./index.ts";

const newer = { proxyImage: "proxy:next", natsImage: "nats:next", runbookBaseUrl: "" };

/** What an operator with other images sees of what an earlier one made. */
const upgraded = (spec: unknown): StatusInput => {
  const before = settledInput(spec);
  return { ...next(before, status(before), before.now), settings: newer };
};

testCases([
  { name: "nothing is pending at first", input: settledInput({}), says: { UpgradePending: "False UpToDate" } },
  {
    name: "newer images of the operator's are named",
    input: upgraded({}),
    says: { UpgradePending: "True NewDefaultImages", Ready: "True Ready", Stalled: "False NotStalled" },
    naming: ["spec.image: proxy:next", "spec.nats.managed.image: nats:next", "Automatic"],
  },
  {
    name: "only of what the spec does not name",
    input: upgraded({ image: "own:1", nats: { managed: { image: "own-nats:1" } } }),
    says: { UpgradePending: "False UpToDate" },
  },
]);

test("the images are in the status, and stay there when the spec cannot be turned into objects", () => {
  const shown = { image: "localhost/revenprox-proxy:test", natsImage: "localhost/revenprox-nats:test" };
  const fields = { ...shown, defaultImages: { proxy: shown.image, nats: shown.natsImage } };
  const before = settledInput({});
  expect(status(before)).toMatchObject(fields);
  expect(status({ ...upgraded({}), desired: [] })).toMatchObject(fields);
});

test("an image that the spec names is no default", () => {
  expect(status(settledInput({ image: "own:1" }))).toMatchObject({
    image: "own:1",
    defaultImages: { nats: "localhost/revenprox-nats:test" },
  });
  expect(status(settledInput({ image: "own:1" })).defaultImages).not.toHaveProperty("proxy");
});
