import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../environment/eventually.ts";
import { type Instance, instanceOf } from "../environment/instance.ts";
import type { Platform, Reach } from "../environment/platform.ts";
import { quickstart } from "../environment/release.ts";
import { openStream } from "../environment/sse-client.ts";
import { attachedPlatform } from "./attached-platform.ts";
import { installSpanReceiver, type ReceivedSpan, type SpanReceiver } from "./span-receiver.ts";

const topic = "a-name-that-no-span-tells";
const callerTrace = "0af7651916cd43dd8448eb211c80319c";
const callerSpan = "b7ad6b7169203331";
const parent = (sampled: boolean): string => `00-${callerTrace}-${callerSpan}-0${sampled ? 1 : 0}`;

describe("tracing in a cluster", () => {
  let platform: Platform;
  let rvp: Instance;
  let receiver: SpanReceiver;
  let key: string;

  beforeAll(async () => {
    platform = await attachedPlatform();
    rvp = instanceOf(platform, "traced", "quickstart");
    await platform.kubectl(["create", "namespace", rvp.namespace]);
    receiver = await installSpanReceiver(rvp);
    const tracing = { endpoint: receiver.endpoint, ratio: 0, trustParent: true };
    const merge = ["--type=merge", "--patch", JSON.stringify({ spec: { tracing } }), "--output", "json"];
    const resource = await rvp.kubectl(["patch", "--local", "--filename", quickstart, ...merge]);
    await rvp.kubectl(["apply", "--filename", "-"], resource);
    await rvp.waitFor("Ready", "True", undefined, 180_000);
    key = await rvp.publishKey();
  });

  afterAll(() => platform.kubectl(["delete", "namespace", rvp.namespace, "--wait=false"]));

  const publish = async ({ origin }: Reach, data: string, traceparent?: string): Promise<string> => {
    const response = await fetch(`${origin}/events/${topic}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${key}`,
        "content-type": "text/plain",
        ...(traceparent === undefined ? {} : { traceparent }),
      },
      body: data,
    });
    expect(response.status).toBe(202);
    return ((await response.json()) as { readonly id: string }).id;
  };

  const spansOfTrace = (): Promise<readonly ReceivedSpan[]> =>
    eventually(
      "the spans of both pods",
      async () => {
        const spans = await receiver.spans();
        const names = spans.map(({ name }) => name);
        const complete =
          names.includes("deliver") && names.includes("journal append") && names.includes("POST /events/{topic}");
        if (!complete) throw new Error(`so far there are ${JSON.stringify(spans)}`);
        return spans;
      },
      60_000,
    );

  test("one trace leads from the publisher's header over one pod and the journal to the pod that delivers", async () => {
    const [a, b] = await rvp.readyPods(2);
    const [publisher, reader] = [await rvp.reach(a!.name), await rvp.reach(b!.name)];
    const stream = await openStream(reader.origin, topic);
    const id = await publish(publisher, "traced", parent(true));
    await publish(publisher, "its caller does not want it", parent(false));
    await publish(publisher, "nobody asked for it");
    const events = await stream.received(3, 30_000);
    expect(events.map(({ data }) => data)[0]).toBe("traced");

    const spans = await spansOfTrace();
    const find = (name: string) => spans.find((span) => span.name === name);
    const [request, append, delivery] = ["POST /events/{topic}", "journal append", "deliver"].map(find);
    expect(request).toMatchObject({ sender: a!.name, parentSpanId: callerSpan });
    expect(append).toMatchObject({ sender: a!.name, parentSpanId: request?.spanId });
    expect(append?.attributes["messaging.message.id"]).toBe(id);
    expect(delivery).toMatchObject({ sender: b!.name, parentSpanId: append?.spanId });
    expect(delivery?.attributes["messaging.message.id"]).toBe(id);
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([callerTrace]));

    // Whatever else was sent by mistake has left with the batches that end a proxy.
    await rvp.kubectl(["delete", "pod", a!.name, b!.name, "--wait=true"]);
    const all = await receiver.spans();
    expect(all.map(({ name }) => name).toSorted()).toEqual(["POST /events/{topic}", "deliver", "journal append"]);
    expect(JSON.stringify(all)).not.toContain(topic);
    stream.close();
    await Promise.all([publisher.close(), reader.close()]);
  });
});
