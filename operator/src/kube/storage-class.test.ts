import { expect, test } from "vitest";
import { KubeError } from "./kube-error.ts";
import { createStorageClasses } from "./storage-class.ts";
import { fakeServer } from "./testing/fakes.ts";

test.each<[string, () => unknown, boolean | undefined]>([
  ["is there", () => ({ items: [{ metadata: { name: "fast" } }] }), true],
  ["is not there", () => ({ items: [{ metadata: { name: "slow" } }] }), false],
  [
    "may not be read",
    () => {
      throw new KubeError(403, "{}", "GET");
    },
    undefined,
  ],
])("a class that %s", async (_, answer, exists) => {
  expect(await createStorageClasses(fakeServer(answer).client, () => 0).exists("fast")).toBe(exists);
});
