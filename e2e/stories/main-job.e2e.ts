import { readFile } from "node:fs/promises";
import { names } from "@revenprox/contract/names";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../environment/eventually.ts";
import { type Instance, instanceOf } from "../environment/instance.ts";
import type { Platform } from "../environment/platform.ts";
import { quickstart } from "../environment/release.ts";
import { endlessReader } from "../environment/resuming-reader.ts";
import { openStream, publish } from "../environment/sse-client.ts";
import { attachedPlatform } from "./attached-platform.ts";

const childKinds = "deployments,statefulsets,services,configmaps,serviceaccounts,secrets";

interface Versions {
  readonly items: readonly {
    kind: string;
    metadata: { name: string; resourceVersion: string; ownerReferences?: unknown[] };
  }[];
}

describe("the quick start, from apply to delete", () => {
  let platform: Platform;
  let rvp: Instance;
  let key: string;

  const children = async (): Promise<Map<string, string>> => {
    const { items } = JSON.parse(await rvp.kubectl(["get", childKinds, "--output", "json"])) as Versions;
    return new Map(
      items
        .filter(({ metadata }) => metadata.ownerReferences !== undefined)
        .map(({ kind, metadata }) => [`${kind}/${metadata.name}`, metadata.resourceVersion]),
    );
  };

  beforeAll(async () => {
    platform = await attachedPlatform();
    rvp = instanceOf(platform, "main-job", "quickstart");
    await platform.kubectl(["create", "namespace", rvp.namespace]);
  });

  afterAll(() => platform.kubectl(["delete", "namespace", rvp.namespace, "--wait=false"]));

  test("kubectl apply, and kubectl wait sees it Ready", async () => {
    await rvp.kubectl(["apply", "--filename", quickstart]);
    await rvp.kubectl(["wait", "--for=condition=Ready", "--timeout=180s", "revenprox/quickstart"]);
    const conditions = await rvp.conditions();
    expect(conditions.get("Reconciling")?.status).toBe("False");
    expect(conditions.get("Stalled")?.status).toBe("False");
    expect(conditions.get("NatsReady")?.status).toBe("True");
    expect(conditions.get("JournalDurable")?.status).toBe("True");
    expect(conditions.get("AuthenticationConfigured")?.status).toBe("False");
    key = await rvp.publishKey();
  });

  test("kubectl get shows the columns", async () => {
    const lines = (await rvp.kubectl(["get", "rvp"])).trim().split("\n");
    expect(lines[0]?.split(/\s+/)).toEqual(["NAME", "READY", "REPLICAS", "CONNECTIONS", "NATS", "AGE"]);
    expect(lines[1]).toMatch(/^quickstart\s+True\s+2\s/);
  });

  test("a second apply, and then a minute's worth of reconciles, change no child", async () => {
    const before = await children();
    expect(before.size).toBeGreaterThan(8);
    await rvp.kubectl(["apply", "--filename", quickstart]);
    await rvp.kubectl(["annotate", "revenprox/quickstart", "story=touched", "--overwrite"]);
    await rvp.waitFor("Ready", "True");
    expect(await children()).toEqual(before);
  });

  test("an event published on one pod is streamed by the other, in order", async () => {
    const [a, b] = await rvp.readyPods(2);
    const publisher = await rvp.reach(a!.name);
    const reader = await rvp.reach(b!.name);
    const stream = await openStream(reader.origin, "greetings/ünïcode");
    const ids: string[] = [];
    for (let n = 1; n <= 20; n += 1) ids.push(await publish(publisher.origin, "greetings/ünïcode", `hello ${n}`, key));
    const events = await stream.received(20);
    expect(events.map(({ data }) => data)).toEqual(ids.map((_, index) => `hello ${index + 1}`));
    expect(events.map(({ id }) => id)).toEqual(ids);
    stream.close();
    await Promise.all([publisher.close(), reader.close()]);
  });

  test("publishing without the key is refused, and listening is open", async () => {
    const [a] = await rvp.readyPods(2);
    const pod = await rvp.reach(a!.name);
    const answer = await fetch(`${pod.origin}/events/t`, { method: "POST", body: "x" });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ code: "credentials_missing" });
    await pod.close();
  });

  test.each([
    ["deleted", []],
    ["killed", ["--grace-period=0", "--force"]],
  ])("a pod is %s mid-stream: its client resumes on another, with nothing lost and nothing twice", async (_, how) => {
    const [a, b] = await rvp.readyPods(2);
    const topic = `resume-${b!.name}`;
    const publisher = await rvp.reach(a!.name);
    const reader = endlessReader(async (attempt) => {
      const pod =
        attempt === 0
          ? b
          : (await rvp.pods()).find(({ ready, deleting, name }) => ready && !deleting && name !== b!.name);
      return rvp.reach(pod!.name);
    }, topic);
    await reader.opened;
    let total = 0;
    while (total < 300 || reader.connections < 2) {
      total += 1;
      await publish(publisher.origin, topic, String(total), key);
      if (total === 100) await rvp.kubectl(["delete", "pod", b!.name, "--wait=false", ...how]);
    }
    const received = await reader.received(total, 60_000);
    expect(received).toEqual(Array.from({ length: total }, (__, index) => String(index + 1)));
    await reader.close();
    await publisher.close();
    await rvp.readyPods(2);
  });

  test("kubectl scale, up and down", async () => {
    await rvp.kubectl(["scale", "revenprox/quickstart", "--replicas=3"]);
    await rvp.readyPods(3);
    await rvp.waitFor("Ready", "True");
    expect((await rvp.get<{ status: { replicas: number } }>("revenprox")).status.replicas).toBe(3);
    await rvp.kubectl(["scale", "revenprox/quickstart", "--replicas=2"]);
    await rvp.readyPods(2);
    await rvp.waitFor("Ready", "True");
  });

  test("drift is corrected: a deleted child is made again, an edited one put back", async () => {
    await rvp.kubectl(["delete", "service", names("quickstart").proxy]);
    await eventually("the Service", () => rvp.get("service"));
    await rvp.kubectl(["scale", "deployment/quickstart", "--replicas=5"]);
    await eventually("two replicas", async () => {
      const { spec } = await rvp.get<{ spec: { replicas: number } }>("deployment");
      return spec.replicas === 2 || undefined;
    });
    await rvp.readyPods(2);
  });

  test("kubectl rollout restart is respected", async () => {
    const before = await rvp.pods();
    await rvp.kubectl(["rollout", "restart", "deployment/quickstart"]);
    await rvp.kubectl(["rollout", "status", "deployment/quickstart", "--timeout=120s"]);
    const after = await rvp.readyPods(2);
    expect(after.map(({ uid }) => uid)).not.toContain(before[0]?.uid);
    await rvp.waitFor("Ready", "True");
  });

  test("a live config key reaches the pods without a restart", async () => {
    const before = await rvp.readyPods(2);
    const patch = '{"spec":{"config":{"http":{"maxEventSize":2048}}}}';
    await rvp.kubectl(["patch", "revenprox/quickstart", "--type=merge", "--patch", patch]);
    const pod = await rvp.reach(before[0]!.name);
    await eventually(
      "the smaller limit",
      async () => {
        const answer = await fetch(`${pod.origin}/events/t`, {
          method: "POST",
          headers: { authorization: `Bearer ${key}` },
          body: "x".repeat(4096),
        });
        await answer.text();
        return answer.status === 413 || undefined;
      },
      150_000,
    );
    await pod.close();
    // Pods of the rollout before may still be ending.
    const after = await rvp.readyPods(2);
    expect(after.map(({ uid }) => uid).sort()).toEqual(before.map(({ uid }) => uid).sort());
  });

  test("deleting the resource takes every child with it", async () => {
    await rvp.kubectl(["delete", "--filename", quickstart]);
    await eventually("every child to go", async () => ((await children()).size === 0 ? true : undefined), 120_000);
    await eventually("every pod to go", async () => ((await rvp.pods()).length === 0 ? true : undefined), 120_000);
  });
});

test("the example is what the README tells people to apply", async () => {
  expect(await readFile(quickstart, "utf8")).toContain("name: quickstart");
});
