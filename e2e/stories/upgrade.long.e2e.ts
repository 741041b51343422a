import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../environment/eventually.ts";
import { type Instance, instanceOf } from "../environment/instance.ts";
import type { Platform } from "../environment/platform.ts";
import { chart, installChart, operatorNamespace, previousChart } from "../environment/release.ts";
import { endlessReader, type ResumingReader } from "../environment/resuming-reader.ts";
import { publish } from "../environment/sse-client.ts";
import { playPrevious, previousPlace } from "../upgrade/previous-operator.ts";
import { attachedPlatform } from "./attached-platform.ts";

const streams = 30;
const crd = "crd/revenproxes.revenprox.io";

let platform: Platform;
let rvp: Instance;
let readers: ResumingReader[] = [];

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly uid: string };
    readonly status: { readonly containerStatuses?: readonly { readonly restartCount: number }[] };
  }[];
}

/** Pods of proxies and NATS with their restarts. */
const pods = async (): Promise<readonly string[]> => {
  const list = JSON.parse(await rvp.kubectl(["get", "pods", "--output", "json"])) as PodList;
  return list.items
    .map(({ metadata, status }) => {
      const restarts = (status.containerStatuses ?? []).map(({ restartCount }) => restartCount);
      return `${metadata.name} ${metadata.uid} restarted ${restarts.join("+")}`;
    })
    .toSorted();
};

interface Crd {
  readonly spec: { readonly versions: readonly { readonly schema: unknown }[] };
}
const schemaIn = (json: string): unknown => (JSON.parse(json) as Crd).spec.versions[0]?.schema;

const servedSchema = async (): Promise<unknown> => schemaIn(await platform.kubectl(["get", crd, "--output", "json"]));

/** The schema that a chart brings. */
const schemaOf = async (of: string): Promise<unknown> => {
  const file = `${of}/files/revenprox-crd.yaml`;
  return schemaIn(await platform.kubectl(["create", "--dry-run=client", "--output", "json", "--filename", file]));
};

beforeAll(async () => {
  platform = await attachedPlatform();
  rvp = instanceOf(platform, previousPlace.namespace, previousPlace.name);
  // As if this cluster had only ever seen the chart before.
  await platform.helm(["uninstall", "revenprox", "--namespace", operatorNamespace, "--wait"]);
  await platform.kubectl(["delete", crd, "--timeout=120s"]);
  // The operator of then cannot be built any more: what it wrote was kept, and is written in its name.
  await installChart(platform, ["--set", "replicas=0"], previousChart);
  await platform.kubectl(["wait", "--for=condition=Established", crd]);
  await platform.kubectl(["create", "namespace", rvp.namespace]);
  const metadata = { name: rvp.name, namespace: rvp.namespace };
  const resource = { apiVersion: "revenprox.io/v1alpha1", kind: "RevenProx", metadata, spec: {} };
  await platform.kubectl(["create", "--filename", "-"], JSON.stringify(resource));
  await playPrevious(platform, rvp);
  await rvp.readyPods(3, 240_000);
}, 600_000);

afterAll(async () => {
  await Promise.all(readers.map((reader) => reader.close()));
  // For the stories after this one, whatever became of it.
  await installChart(platform);
  await platform.kubectl(["delete", "namespace", rvp.namespace, "--wait=false"]);
}, 300_000);

test("helm upgrade from the chart before: nothing restarts, no stream ends, no event is lost, the schema is new", async () => {
  expect(await servedSchema()).toEqual(await schemaOf(previousChart));
  const ready = await rvp.readyPods(3);
  const key = await rvp.publishKey();
  readers = Array.from({ length: streams }, (_, index) =>
    endlessReader(() => rvp.reach(ready[index % ready.length]?.name ?? ""), `upgrade-${index % 10}`),
  );
  await Promise.all(readers.map(({ opened }) => opened));
  const before = await pods();
  expect(before).toHaveLength(4);

  const publisher = await rvp.reach(ready[0]?.name ?? "");
  let upgraded = false;
  let rounds = 0;
  const publishing = (async () => {
    while (!upgraded || rounds < 50) {
      rounds += 1;
      for (let topic = 0; topic < 10; topic += 1)
        await publish(publisher.origin, `upgrade-${topic}`, String(rounds), key);
    }
  })();
  try {
    await installChart(platform);
    await rvp.waitFor("UpgradePending", "True");
    await rvp.waitFor("Ready", "True");
    // Beyond its first pass: it looks again within a minute.
    const seenAt = Date.now();
    await eventually("another minute", async () => (Date.now() - seenAt > 65_000 ? true : undefined), 120_000);
  } finally {
    upgraded = true;
  }
  await publishing;

  const wanted = Array.from({ length: rounds }, (_, index) => String(index + 1));
  for (const reader of readers) {
    expect(await reader.received(rounds, 60_000)).toEqual(wanted);
    expect(reader.connections).toBe(1);
  }
  expect(await pods()).toEqual(before);
  expect(await servedSchema()).toEqual(await schemaOf(chart));
  await publisher.close();
}, 600_000);
