import { afterAll, beforeAll, expect, test } from "vitest";
import type { Platform } from "../environment/platform.ts";
import type { CommandFailed } from "../environment/run-command.ts";
import { attachedPlatform } from "./attached-platform.ts";

const namespace = "refusal";
let platform: Platform;

beforeAll(async () => {
  platform = await attachedPlatform();
  await platform.kubectl(["create", "namespace", namespace]);
});

afterAll(() => platform.kubectl(["delete", "namespace", namespace, "--wait=false"]));

const manifest = (spec: unknown, name = "refused"): string =>
  JSON.stringify({ apiVersion: "revenprox.io/v1alpha1", kind: "RevenProx", metadata: { name, namespace }, spec });

const refusal = async (resource: string): Promise<string> => {
  try {
    return await platform.kubectl(["create", "--dry-run=server", "--filename", "-"], resource);
  } catch (error) {
    return (error as CommandFailed).message;
  }
};

test.each([
  ["a misspelt field", { replica: 2 }, /unknown field "spec.replica"/],
  ["too many replicas", { replicas: 5000 }, /spec.replicas: Invalid value: 5000.*less than or equal to 1000/s],
  [
    "a value out of range",
    { config: { http: { keepaliveIntervalSec: 0 } } },
    /keepaliveIntervalSec.*greater than or equal to 1/s,
  ],
  ["a wrong enum value", { config: { logLevel: "loud" } }, /logLevel.*"debug", "info", "warn", "error"/s],
  ["two kinds of NATS", { nats: { managed: {}, external: { servers: ["nats://n:4222"] } } }, /not both/],
  [
    "credentials in a URL",
    { nats: { external: { servers: ["nats://user:secret@n:4222"] } } },
    /without user name or password/,
  ],
  ["two NATS servers", { nats: { managed: { replicas: 2 } } }, /replicas.*supported values: 1, 3/s],
  [
    "keys that contradict each other",
    { config: { distributedState: { gossipIntervalSec: 15 } } },
    /peerTimeoutSec \(default 20\) must be at least twice gossipIntervalSec/,
  ],
  ["a bad size", { nats: { managed: { storage: { size: "plenty" } } } }, /must be a quantity such as 500m or 1Gi/],
])("%s is refused with a message that says what to do", async (_, spec, message) => {
  expect(await refusal(manifest(spec))).toMatch(message);
});

test("a name that is too long for its children is refused", async () => {
  expect(await refusal(manifest({}, "a".repeat(41)))).toMatch(/at most 40 characters/);
});

test("an empty spec is accepted", async () => {
  expect(await refusal(manifest({}))).toMatch(/created \(server dry run\)/);
});

test("managed NATS cannot be changed later", async () => {
  await platform.kubectl(["create", "--filename", "-"], manifest({ replicas: 0 }, "fixed"));
  await expect(
    platform.kubectl(
      ["apply", "--server-side", "--force-conflicts", "--filename", "-"],
      manifest({ replicas: 0, nats: { managed: { replicas: 3 } } }, "fixed"),
    ),
  ).rejects.toThrow(/nats.managed cannot be changed after creation/);
});
