import { expect, test } from "vitest";
import { causeOf } from "./cause.ts";
import { podWith } from "./testing/pods.ts";

const revisionOf = (owner: string): number => (owner === "rs" ? 1 : 2);
const two = [podWith("a"), podWith("b")];

test.each([
  ["nothing moves", { wanted: 2, current: 2, pods: two, shed: false }, undefined],
  ["fewer are wanted", { wanted: 1, current: 2, pods: two, shed: false }, { reason: "ScaleDown", from: "2", to: "1" }],
  [
    "somebody else asked the Deployment for one more, whose pod is not there yet",
    { wanted: 2, current: 3, pods: two, shed: false },
    { reason: "ScaleDown", from: "3", to: "2" },
  ],
  [
    "pods are of two revisions",
    { wanted: 2, current: 2, pods: [podWith("a"), podWith("c", {}, { owner: "rs2" })], shed: false },
    { reason: "PodTemplateChanged", from: "1", to: "2" },
  ],
  [
    "full pods give streams away",
    { wanted: 2, current: 2, pods: two, shed: true },
    { reason: "Rebalance", from: "2", to: "2" },
  ],
  [
    "pods that were asked earlier still do",
    { wanted: 2, current: 2, pods: [podWith("a"), podWith("b", { shedding: 3 })], shed: false },
    { reason: "Rebalance", from: "2", to: "2" },
  ],
])("%s", (_, input, cause) => {
  expect(causeOf({ ...input, revisionOf })).toEqual(cause);
});
