import { expect, test } from "vitest";
import { evict } from "./evict.ts";
import { KubeError, KubeUnreachableError } from "./kube-error.ts";
import { fakeServer } from "./testing/fakes.ts";

const pod = { namespace: "apps", name: "web-nats-0", uid: "u" };
const answering = (status: number, message = "") =>
  fakeServer(() => {
    throw new KubeError(status, JSON.stringify({ message }), "POST");
  });

test("asks for that very pod", async () => {
  const bodies: unknown[] = [];
  const server = fakeServer(({ body }) => void bodies.push(body));
  expect(await evict(server.client, pod)).toEqual({ kind: "evicted" });
  expect(server.calls).toEqual(["POST /api/v1/namespaces/apps/pods/web-nats-0/eviction"]);
  expect(bodies).toMatchObject([{ kind: "Eviction", deleteOptions: { preconditions: { uid: "u" } } }]);
});

test.each([404, 409])("a pod that has gone is evicted (%d)", async (status) => {
  expect(await evict(answering(status).client, pod)).toEqual({ kind: "evicted" });
});

test.each([
  [429, "Cannot evict pod as it would violate the pod's disruption budget."],
  [403, "pods/eviction is forbidden"],
])("what holds it back is told (%d)", async (status, message) => {
  expect(await evict(answering(status, message).client, pod)).toEqual({
    kind: "held",
    why: expect.stringContaining(message),
  });
});

test("without an answer nobody knows", async () => {
  const { client } = fakeServer(() => {
    throw new KubeUnreachableError("cut");
  });
  await expect(evict(client, pod)).rejects.toThrow("cut");
});
