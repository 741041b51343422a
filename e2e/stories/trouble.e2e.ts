import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Instance, instanceOf } from "../environment/instance.ts";
import type { Platform } from "../environment/platform.ts";
import { attachedPlatform } from "./attached-platform.ts";

const namespace = "trouble";
let platform: Platform;

beforeAll(async () => {
  platform = await attachedPlatform();
  await platform.kubectl(["create", "namespace", namespace]);
});

afterAll(() => platform.kubectl(["delete", "namespace", namespace, "--wait=false"]));

const create = async (name: string, spec: unknown): Promise<Instance> => {
  const resource = { apiVersion: "revenprox.io/v1alpha1", kind: "RevenProx", metadata: { name, namespace }, spec };
  await platform.kubectl(["create", "--filename", "-"], JSON.stringify(resource));
  return instanceOf(platform, namespace, name);
};

describe("an image that cannot be pulled", () => {
  let rvp: Instance;

  test("is named within a minute, as something that may still heal", async () => {
    rvp = await create("no-image", { replicas: 1, image: "localhost/no-such-image:1" });
    const ready = await rvp.waitFor("Ready", "False", "ImagePullFailed", 60_000);
    expect(ready.message).toContain("localhost/no-such-image:1");
    expect((await rvp.conditions()).get("Reconciling")?.status).toBe("True");
    expect((await rvp.conditions()).get("Stalled")?.status).toBe("False");
  });

  test("heals when the image is corrected", async () => {
    const patch = JSON.stringify({ spec: { image: platform.images.proxy } });
    await rvp.kubectl(["patch", "revenprox/no-image", "--type=merge", "--patch", patch]);
    await rvp.waitFor("Ready", "True");
  });
});

describe("an external NATS that cannot be reached", () => {
  let rvp: Instance;

  test("is named within a minute, as something that may still heal", async () => {
    rvp = await create("lonely", { replicas: 1, nats: { external: { servers: ["nats://later:4222"] } } });
    const ready = await rvp.waitFor("Ready", "False", undefined, 60_000);
    const nats = await rvp.waitFor("NatsReady", "False", "Unreachable", 60_000);
    expect(nats.message).toContain("nats://later:4222");
    expect(ready.message).not.toBe("");
    expect((await rvp.conditions()).get("Reconciling")?.status).toBe("True");
    expect((await rvp.conditions()).get("Stalled")?.status).toBe("False");
  });

  test("heals by itself when NATS appears", async () => {
    const labels = { app: "later" };
    const server = {
      name: "nats",
      image: platform.images.natsServer,
      args: ["--jetstream", "--store_dir", "/data"],
      volumeMounts: [{ name: "data", mountPath: "/data" }],
    };
    const objects = [
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "later" },
        spec: { selector: labels, ports: [{ port: 4222 }] },
      },
      {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "later", labels },
        spec: { containers: [server], volumes: [{ name: "data", emptyDir: {} }], securityContext: { fsGroup: 1000 } },
      },
    ];
    for (const object of objects) await rvp.kubectl(["create", "--filename", "-"], JSON.stringify(object));
    await rvp.waitFor("Ready", "True");
    expect((await rvp.conditions()).get("NatsReady")?.status).toBe("True");
  });
});

test("an object that already has a child's name is left alone, and the condition names it", async () => {
  const foreign = { apiVersion: "v1", kind: "Service", metadata: { name: "taken" }, spec: { ports: [{ port: 1 }] } };
  await platform.kubectl(["--namespace", namespace, "create", "--filename", "-"], JSON.stringify(foreign));
  const rvp = await create("taken", { replicas: 1 });
  const stalled = await rvp.waitFor("Stalled", "True", "NameConflict", 60_000);
  expect(stalled.message).toContain("taken");
  const { spec, metadata } = await rvp.get<{
    spec: { ports: { port: number }[] };
    metadata: { ownerReferences?: unknown };
  }>("service");
  expect(spec.ports.map(({ port }) => port)).toEqual([1]);
  expect(metadata.ownerReferences).toBeUndefined();
  await rvp.kubectl(["delete", "service", "taken"]);
  await rvp.waitFor("Ready", "True");
});
