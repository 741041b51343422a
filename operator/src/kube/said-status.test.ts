import type { RevenProxStatus } from "@revenprox/contract/resource/status";
import { expect, test } from "vitest";
import { resourceOf } from "../testing/resource.ts";
import { createSaidStatus } from "./said-status.ts";

const sent: RevenProxStatus = { observedGeneration: 3, replicas: 2, topics: 9 };
const came = { replicas: 2, observedGeneration: 3 };
const live = (status: unknown, uid = "7f1c") => {
  const resource = resourceOf({});
  return { ...resource, metadata: { ...resource.metadata, uid }, status: status as RevenProxStatus };
};

test.each<[string, unknown, string, unknown]>([
  ["fields that have no place in the served schema are there", came, "7f1c", sent],
  ["not where somebody has changed the status since", { ...came, replicas: 1 }, "7f1c", { ...came, replicas: 1 }],
  ["nor for another resource of that name", came, "other", came],
])("%s", (_, status, uid, wanted) => {
  const memory = createSaidStatus();
  memory.said(live(undefined), sent, came);
  expect(memory.whole(live(status, uid)).status).toEqual(wanted);
});

test("what came back as it was sent is not kept, nor what is of a resource that is gone", () => {
  const memory = createSaidStatus();
  memory.said(live(undefined), sent, came);
  memory.said(live(undefined), came, came);
  expect(memory.whole(live(came)).status).toEqual(came);
  memory.said(live(undefined), sent, came);
  memory.forget("apps/web");
  expect(memory.whole(live(came)).status).toEqual(came);
});
