import { expect, test } from "vitest";
import { podKind } from "./kinds.ts";
import { KubeError } from "./kube-error.ts";
import { createMarkPods, deletionCostAnnotation } from "./pod-deletion-cost.ts";
import { fakeServer, liveObject } from "./testing/fakes.ts";

const pod = (name: string, cost?: string) =>
  liveObject(podKind, name, cost === undefined ? {} : { annotations: { [deletionCostAnnotation]: cost } });

const marking = async (answer: () => unknown, pods: readonly ReturnType<typeof pod>[], first: readonly string[]) => {
  const bodies: unknown[] = [];
  const { client, calls } = fakeServer((call) => {
    bodies.push(call.body);
    return answer();
  });
  await createMarkPods(client, "us")(pods, first);
  return { calls, bodies };
};

const quiet = () => ({});

test("only what differs is written: who goes first, and who does no more", async () => {
  const { calls, bodies } = await marking(
    quiet,
    [pod("a"), pod("b", "-1000"), pod("c", "-1000"), pod("d")],
    ["a", "b"],
  );
  expect(calls).toEqual([
    "PATCH /api/v1/namespaces/n/pods/a?fieldManager=us",
    "PATCH /api/v1/namespaces/n/pods/c?fieldManager=us",
  ]);
  expect(bodies).toEqual([
    { metadata: { uid: "uid-a", annotations: { [deletionCostAnnotation]: "-1000" } } },
    { metadata: { uid: "uid-c", annotations: { [deletionCostAnnotation]: null } } },
  ]);
});

test.each([404, 409])("a pod that is gone, or another by now (%i), is passed over", async (status) => {
  const answer = () => {
    throw new KubeError(status, "{}", "PATCH");
  };
  expect((await marking(answer, [pod("a"), pod("b")], ["a", "b"])).calls).toHaveLength(2);
});

test("any other refusal is told", async () => {
  const answer = () => {
    throw new KubeError(403, "{}", "PATCH");
  };
  await expect(marking(answer, [pod("a")], ["a"])).rejects.toThrow(KubeError);
});
