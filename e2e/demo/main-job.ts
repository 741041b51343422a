import { eventually } from "../environment/eventually.ts";
import { type Instance, instanceOf } from "../environment/instance.ts";
import type { Platform } from "../environment/platform.ts";
import { installChart, operatorNamespace, quickstart } from "../environment/release.ts";
import { openStream, publish } from "../environment/sse-client.ts";
import { step, tell } from "./step.ts";

export const topic = "demo/greetings";

/** What stays reachable while the demo runs. */
export interface RunningDemo {
  readonly instance: Instance;
  readonly publishKey: string;
  /** Origins of the two pods' data planes on this machine. */
  readonly origins: readonly [string, string];
}

const showEvent = async (origins: readonly [string, string], key: string): Promise<void> => {
  const stream = await openStream(origins[1], topic);
  const id = await publish(origins[0], topic, "Hello from the other pod", key);
  const [event] = await stream.received(1);
  if (event?.id !== id) throw new Error(`published ${id}, but received ${event?.id}`);
  tell(`published at pod A: id ${id}`);
  tell(`received at pod B:  id ${event.id}, data "${event.data}"`);
  stream.close();
  const missedId = await publish(origins[1], topic, "Nobody was listening", key);
  const resumed = await openStream(origins[0], topic, event.id);
  const [missed] = await resumed.received(1);
  if (missed?.id !== missedId)
    throw new Error(`published ${missedId}, but the resumed stream began with ${missed?.id}`);
  tell(`resumed at pod A with Last-Event-ID ${event.id}: id ${missed.id}, data "${missed.data}"`);
  resumed.close();
};

const alertNames = async (instance: Instance): Promise<string> => {
  const monitoring = (await instance.conditions()).get("MonitoringReady");
  if (monitoring?.status !== "True") return `no alerts: ${monitoring?.message}`;
  const path = "jsonpath={.spec.groups[*].rules[*].alert}";
  const names = await instance.kubectl(["get", "prometheusrule", instance.name, "--output", path]);
  return `${names.split(" ").length} alerts in the PrometheusRule: ${names}`;
};

const showMonitoring = async (instance: Instance, origin: string): Promise<void> => {
  const text = await (await fetch(`${origin}/metrics`)).text();
  const names = [...text.matchAll(/^# TYPE (revenprox_\S+)/gm)].map(([, name]) => name);
  tell(`${names.length} metrics served: ${names.join(" ")}`);
  tell(await alertNames(instance));
};

/** Installs the operator, applies the quick start and shows that it works. */
export const runMainJob = async (platform: Platform): Promise<RunningDemo> => {
  const instance = instanceOf(platform, "default", "quickstart");
  await step("helm install: the operator", async () => {
    await installChart(platform);
    tell(await platform.kubectl(["--namespace", operatorNamespace, "get", "pods"]));
  });
  await step("kubectl apply: a RevenProx, and wait until it is Ready", async () => {
    await instance.kubectl(["apply", "--filename", quickstart]);
    await instance.kubectl(["wait", "--for=condition=Ready", "--timeout=300s", "revenprox/quickstart"]);
    tell(await instance.kubectl(["get", "revenproxes"]));
    tell(await instance.kubectl(["get", "pods"]));
  });
  const publishKey = await instance.publishKey();
  const [a, b] = await eventually("two ready pods", async () => {
    const ready = (await instance.pods()).filter((pod) => pod.ready && !pod.deleting);
    return ready.length < 2 ? undefined : ready;
  });
  if (a === undefined || b === undefined) throw new Error("the quick start has fewer than two pods");
  const origins = [(await instance.reach(a.name)).origin, (await instance.reach(b.name)).origin] as const;
  await step(`publish on pod A (${a.name}), receive on pod B (${b.name})`, () => showEvent(origins, publishKey));
  await step("what Prometheus would see", () => showMonitoring(instance, origins[0]));
  return { instance, publishKey, origins };
};
