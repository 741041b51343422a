import { ports } from "@revenprox/contract/ports";
import { kstatus } from "@revenprox/contract/testing/kstatus";
import { transitionFaults } from "@revenprox/contract/testing/status-transitions";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../environment/eventually.ts";
import { type Instance, instanceOf, type Pod } from "../environment/instance.ts";
import type { Platform } from "../environment/platform.ts";
import { cutOff } from "../environment/pod-network.ts";
import { endlessReader, type ResumingReader } from "../environment/resuming-reader.ts";
import { publish } from "../environment/sse-client.ts";
import { recordStatuses, type StatusRecorder } from "../environment/status-recorder.ts";
import { attachedPlatform } from "./attached-platform.ts";

interface Healing {
  readonly remaining: number;
  readonly replacements: readonly { readonly pod: string; readonly uid: string; readonly cause: string }[];
}

const topic = "healed";
const patienceMs = 150_000;

describe("a proxy that is cut off from NATS while its peers are not", () => {
  let platform: Platform;
  let rvp: Instance;
  let key: string;
  let recorder: StatusRecorder;
  let sent = 0;
  /** One on the pod that is cut off, one elsewhere. */
  let cutReader: ResumingReader;
  let otherReader: ResumingReader;

  const healing = async (): Promise<Healing | undefined> =>
    (await rvp.get<{ status?: { healing?: Healing } }>("revenprox")).status?.healing;
  const replaced = (count: number): Promise<Healing> =>
    eventually(
      `${count} replacements`,
      async () => {
        const now = await healing();
        return now?.replacements.length === count ? now : undefined;
      },
      patienceMs,
    );
  const gone = (pod: Pod): Promise<true> =>
    eventually(
      `the end of ${pod.name}`,
      async () => ((await rvp.pods()).some(({ uid, deleting }) => uid === pod.uid && !deleting) ? undefined : true),
      patienceMs,
    );
  /** On a pod of those that serve; the first time on `first`. */
  const readerFrom = (first: Pod): ResumingReader =>
    endlessReader(async (attempt) => {
      const pods = (await rvp.pods()).filter(({ ready, deleting }) => ready && !deleting);
      const pod = attempt === 0 ? first : pods[attempt % pods.length];
      if (pod === undefined) throw new Error("no pod serves");
      return rvp.reach(pod.name);
    }, topic);
  const publishOn = async (pod: Pod, count: number): Promise<void> => {
    const { origin, close } = await rvp.reach(pod.name);
    for (let n = 0; n < count; n += 1) await publish(origin, topic, `event ${sent++}`, key);
    await close();
  };
  const all = (): readonly string[] => Array.from({ length: sent }, (_, n) => `event ${n}`);
  const budget = (maxReplacementsPerHour: number): string =>
    JSON.stringify({ spec: { healing: { maxReplacementsPerHour, afterSeconds: 10 } } });

  beforeAll(async () => {
    platform = await attachedPlatform();
    rvp = instanceOf(platform, "healing", "web");
    await platform.kubectl(["create", "namespace", rvp.namespace]);
    recorder = await recordStatuses(rvp.namespace);
    const spec = { replicas: 3, healing: { maxReplacementsPerHour: 1, afterSeconds: 10 } };
    const resource = {
      apiVersion: "revenprox.io/v1alpha1",
      kind: "RevenProx",
      metadata: { name: rvp.name, namespace: rvp.namespace },
      spec,
    };
    await platform.kubectl(["create", "--filename", "-"], JSON.stringify(resource));
    await rvp.waitFor("Ready", "True");
    key = await rvp.publishKey();
  });

  afterAll(async () => {
    await Promise.all([cutReader?.close(), otherReader?.close(), recorder?.stop()]);
    await platform.kubectl(["delete", "namespace", rvp.namespace, "--wait=false"]);
  });

  test("is replaced, its streams go on elsewhere without a loss, and the budget counts it", async () => {
    const [lost, other, third] = await rvp.readyPods(3);
    if (lost === undefined || other === undefined || third === undefined) throw new Error("three pods are ready");
    cutReader = readerFrom(lost);
    otherReader = readerFrom(other);
    await Promise.all([cutReader.opened, otherReader.opened]);
    await publishOn(third, 10);
    await cutOff(lost.uid, ports.natsClient.number);
    await publishOn(third, 10);

    const { replacements, remaining } = await replaced(1);
    expect(replacements).toMatchObject([{ pod: lost.name, uid: lost.uid, cause: "NatsLost" }]);
    expect(remaining).toBe(0);
    await gone(lost);
    const now = await rvp.readyPods(3, patienceMs);
    expect(now.map(({ uid }) => uid)).toEqual(expect.arrayContaining([other.uid, third.uid]));
    await publishOn(third, 10);
    expect(await cutReader.received(sent, 60_000)).toEqual(all());
    expect(await otherReader.received(sent, 60_000)).toEqual(all());
    // Nobody else was disturbed.
    expect(otherReader.connections).toBe(1);
    const events = await rvp.kubectl(["get", "events", "--field-selector", "reason=ProxyReplaced", "--output", "json"]);
    expect((JSON.parse(events) as { items: { message: string }[] }).items.map(({ message }) => message)).toEqual([
      expect.stringContaining(`${lost.name} is replaced: it cannot reach NATS`),
    ]);
    expect((await rvp.conditions()).get("HealingExhausted")?.status).toBe("False");
  });

  test("the next one stays once the budget is used up, and a condition says so", async () => {
    await rvp.waitFor("Ready", "True");
    const [lost] = await rvp.readyPods(3);
    if (lost === undefined) throw new Error("no pod is ready");
    await cutOff(lost.uid, ports.natsClient.number);
    const exhausted = await rvp.waitFor("HealingExhausted", "True", "BudgetUsedUp", patienceMs);
    expect(exhausted.message).toContain(lost.name);
    expect((await rvp.pods()).find(({ uid }) => uid === lost.uid)?.deleting).toBe(false);
    expect((await healing())?.replacements).toHaveLength(1);

    // The budget outlives the operator.
    await platform.kubectl(["--namespace", "revenprox-system", "rollout", "restart", "deployment/revenprox-operator"]);
    await platform.kubectl([
      "--namespace",
      "revenprox-system",
      "rollout",
      "status",
      "deployment/revenprox-operator",
      "--timeout=120s",
    ]);
    await rvp.kubectl(["patch", "revenprox/web", "--type=merge", "--patch", budget(2)]);
    const { replacements } = await replaced(2);
    expect(replacements[1]?.uid).toBe(lost.uid);
    await gone(lost);
    await rvp.waitFor("HealingExhausted", "False", undefined, patienceMs);
  });
  test("every status on the way was the truth by kstatus", () => {
    expect(new Set(recorder.seen.map(({ kind }) => kind))).toEqual(new Set(["RevenProx", "Deployment", "StatefulSet"]));
    expect(recorder.seen.map(kstatus)).toContain("Current");
    expect(transitionFaults(recorder.seen)).toEqual([]);
  });
});
