import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../environment/eventually.ts";
import { type Instance, instanceOf } from "../environment/instance.ts";
import type { Platform, Reach } from "../environment/platform.ts";
import { openStream, type SseStream } from "../environment/sse-client.ts";
import { attachedPlatform } from "./attached-platform.ts";

interface NatsPod {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

const namespace = "nats-roll";
const topic = "rolled";

describe("three managed NATS servers with TLS", () => {
  let platform: Platform;
  let rvp: Instance;
  let reach: Reach;
  let stream: SseStream;
  const sent: string[] = [];

  const natsPods = async (): Promise<readonly NatsPod[]> => {
    const list = await rvp.kubectl(["get", "pods", "--selector", "app=revenprox-nats", "--output", "json"]);
    return (JSON.parse(list) as { readonly items: readonly NatsPod[] }).items;
  };
  const isUp = ({ metadata, status }: NatsPod): boolean =>
    metadata.deletionTimestamp === undefined &&
    (status.conditions ?? []).some(({ type, status: is }) => type === "Ready" && is === "True");

  /** One event, again until it is accepted; the proxy's own idempotency keeps it single. */
  const publishOne = async (key: string): Promise<void> => {
    const data = `event-${sent.length}`;
    const headers = { authorization: `Bearer ${key}`, "content-type": "text/plain", "idempotency-key": data };
    let answer = "";
    const accepted = async (): Promise<true | undefined> => {
      const response = await fetch(`${reach.origin}/events/${topic}`, { method: "POST", headers, body: data });
      answer = `${response.status} ${await response.text()}`;
      return response.status === 202 ? true : undefined;
    };
    await eventually(`${data} is accepted`, accepted, 60_000).catch((error: unknown) => {
      throw new Error(`${data} is answered ${answer}`, { cause: error });
    });
    sent.push(data);
  };

  beforeAll(async () => {
    platform = await attachedPlatform();
    rvp = instanceOf(platform, namespace, "web");
    await platform.kubectl(["create", "namespace", namespace]);
    const spec = {
      replicas: 1,
      nats: { managed: { replicas: 3, storage: { size: "256Mi" }, tls: { enabled: true } } },
    };
    const metadata = { name: rvp.name, namespace };
    const resource = { apiVersion: "revenprox.io/v1alpha1", kind: "RevenProx", metadata, spec };
    await platform.kubectl(["create", "--filename", "-"], JSON.stringify(resource));
    await rvp.waitFor("Ready", "True", undefined, 180_000);
    reach = await rvp.reach((await rvp.readyPods(1))[0]?.name ?? "");
    stream = await openStream(reach.origin, topic);
  }, 240_000);

  afterAll(async () => {
    stream?.close();
    await reach?.close();
    await platform?.kubectl(["delete", "namespace", namespace, "--wait=false"]);
  });

  test("get a new certificate one at a time, and an open stream gets every event", async () => {
    const before = new Set((await natsPods()).map(({ metadata }) => metadata.uid));
    const key = await rvp.publishKey();
    await publishOne(key);
    // A change of the template as any other: the operator makes a new certificate, which they read at their start.
    await rvp.kubectl(["delete", "secret/web-nats-tls"]);
    let fewest = 3;
    await eventually(
      "three new servers that are ready",
      async () => {
        const pods = await natsPods();
        fewest = Math.min(fewest, pods.filter(isUp).length);
        await publishOne(key);
        return pods.filter((pod) => isUp(pod) && !before.has(pod.metadata.uid)).length === 3 ? true : undefined;
      },
      300_000,
    );
    expect(fewest).toBe(2);
    expect((await stream.received(sent.length, 60_000)).map(({ data }) => data)).toEqual(sent);
    await rvp.waitFor("Ready", "True");
    const events = await rvp.kubectl([
      "get",
      "events",
      "--field-selector",
      "reason=NatsRestarting",
      "--output",
      "json",
    ]);
    expect((JSON.parse(events) as { readonly items: readonly unknown[] }).items).toHaveLength(3);
  }, 400_000);
});
