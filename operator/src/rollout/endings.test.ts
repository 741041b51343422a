import { expect, test } from "vitest";
import { podKind } from "../kube/kinds.ts";
import { liveObject } from "../kube/testing/fakes.ts";
import { createEndings } from "./endings.ts";

const ended = (exitCode: number) => [{ name: "proxy", state: { terminated: { exitCode } } }];
const sidecar = { name: "mesh", state: { terminated: { exitCode: 143 } } };

test.each<[string, object | undefined, string]>([
  ["by itself", { phase: "Running", containerStatuses: ended(0) }, "clean"],
  ["by itself beside another that did not", { containerStatuses: [sidecar, ...ended(0)] }, "clean"],
  ["killed", { phase: "Failed", containerStatuses: ended(137) }, "unclean"],
  ["as its phase says", { phase: "Succeeded" }, "clean"],
  ["as its phase says, badly", { phase: "Failed" }, "unclean"],
  ["without a word", { phase: "Running", containerStatuses: [{ name: "proxy", state: { running: {} } }] }, "unknown"],
  ["without any status", undefined, "unknown"],
])("a pod that ended %s", (_, status, ending) => {
  const endings = createEndings();
  endings.note({ ...liveObject(podKind, "a"), ...(status === undefined ? {} : { status }) });
  expect([endings.of("uid-a"), endings.of("another")]).toEqual([ending, "unknown"]);
});
