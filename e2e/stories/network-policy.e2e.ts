import { fileURLToPath } from "node:url";
import { attach, type Cluster } from "@revenprox/cluster";
import type { Policy } from "@revenprox/contract/testing/policy-evaluator";
import {
  outsideAddress,
  policyTable,
  type TablePodName,
  type TableRow,
  tableNamespaces,
  tablePods,
} from "@revenprox/contract/testing/policy-table";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../environment/eventually.ts";
import { type Instance, instanceOf } from "../environment/instance.ts";
import type { Platform } from "../environment/platform.ts";
import { inPodNetwork } from "../environment/pod-network.ts";
import { operatorNamespace } from "../environment/release.ts";
import { openStream, publish } from "../environment/sse-client.ts";
import { nftables, policiesTable } from "../policies/nftables.ts";
import { makeOutside, type Outside } from "../policies/outside.ts";
import type { Answer, Target } from "../policies/probe-connections.ts";
import { attachedPlatform } from "./attached-platform.ts";

interface RunningPod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly status: { readonly podIP?: string; readonly phase?: string };
}

const namespaceOf = (role: keyof typeof tableNamespaces): string =>
  role === "system" ? operatorNamespace : `policies-${tableNamespaces[role]}`;
const ownNamespaces = (["apps", "more", "monitoring"] as const).map(namespaceOf);
/** These three run for real; the others are pods that only wait. */
const real: readonly TablePodName[] = ["proxy", "nats", "operator"];
const program = fileURLToPath(new URL("../policies/probe-connections.ts", import.meta.url));

describe("the network policies of a RevenProx, enforced on the packets of its pods", () => {
  let platform: Platform;
  let cluster: Cluster;
  let outside: Outside;
  let rvp: Instance;
  let pods: ReadonlyMap<TablePodName, RunningPod>;

  const items = async <T>(...args: readonly string[]): Promise<readonly T[]> =>
    (JSON.parse(await platform.kubectl(["get", ...args, "--output", "json"])) as { readonly items: readonly T[] })
      .items;

  /** The running pod of each name, once all have an address. */
  const find = async (): Promise<ReadonlyMap<TablePodName, RunningPod> | undefined> => {
    const all = await items<RunningPod>("pods", "--all-namespaces");
    const found = Object.entries(tablePods).flatMap(([name, { namespace, labels }]): [TablePodName, RunningPod][] => {
      const pod = all.find(
        ({ metadata, status }) =>
          metadata.namespace === namespaceOf(namespace) &&
          Object.entries(labels).every(([label, value]) => metadata.labels?.[label] === value) &&
          status.podIP !== undefined &&
          status.phase === "Running",
      );
      return pod === undefined ? [] : [[name as TablePodName, pod]];
    });
    return found.length === Object.keys(tablePods).length ? new Map(found) : undefined;
  };

  beforeAll(async () => {
    platform = await attachedPlatform();
    cluster = await attach();
    outside = await makeOutside(cluster, outsideAddress);
    for (const namespace of ownNamespaces) await platform.kubectl(["create", "namespace", namespace]);
    const resource = {
      apiVersion: "revenprox.io/v1alpha1",
      kind: "RevenProx",
      metadata: { name: "web", namespace: namespaceOf("apps") },
      spec: { replicas: 1 },
    };
    const waiting = Object.entries(tablePods)
      .filter(([name]) => !real.includes(name as TablePodName))
      .map(([name, { namespace, labels }]) => ({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: name.replaceAll(" ", "-"), namespace: namespaceOf(namespace), labels },
        spec: { containers: [{ name: "pause", image: "localhost/pause:1", imagePullPolicy: "IfNotPresent" }] },
      }));
    const list = { apiVersion: "v1", kind: "List", items: [resource, ...waiting] };
    await platform.kubectl(["create", "--filename", "-"], JSON.stringify(list));
    rvp = instanceOf(platform, namespaceOf("apps"), "web");
    await rvp.waitFor("Ready", "True");
    pods = await eventually("all pods", find, 120_000);
  }, 300_000);

  afterAll(async () => {
    await cluster?.exec(["nft", "delete", "table", "ip", policiesTable]);
    await outside?.remove();
    await platform?.kubectl(["delete", "namespace", ...ownNamespaces, "--wait=false"]);
    cluster?.detach();
  });

  const podOf = (name: TablePodName): RunningPod => {
    const pod = pods.get(name);
    if (pod === undefined) throw new Error(`there is no pod for ${name}`);
    return pod;
  };

  const answersFrom = async (from: TableRow[0], targets: readonly Target[]): Promise<readonly Answer[]> => {
    const command = [process.execPath, program, JSON.stringify(targets)];
    const said =
      from === "internet" ? await outside.run(command) : await inPodNetwork(podOf(from).metadata.uid, command);
    return JSON.parse(said) as readonly Answer[];
  };

  /** The table's rows with what packets found. */
  const ask = async (): Promise<readonly TableRow[]> => {
    const sources = [...new Set(policyTable.map(([from]) => from))];
    const found = sources.map(async (source) => {
      const rows = policyTable.filter(([from]) => from === source);
      const targets = rows.map(([, to, port]) => ({ address: podOf(to).status.podIP ?? "", port }));
      const answers = await answersFrom(source, targets);
      return rows.map(([from, to, port], index): TableRow => [from, to, port, answers[index] === "reached"]);
    });
    return (await Promise.all(found)).flat();
  };

  const enforce = async (): Promise<void> => {
    const [policies, all, namespaces] = await Promise.all([
      items<Policy>("networkpolicies", "--namespace", namespaceOf("apps")),
      items<RunningPod>("pods", "--all-namespaces"),
      items<{ metadata: { name: string; labels?: Readonly<Record<string, string>> } }>("namespaces"),
    ]);
    const text = nftables({
      policies,
      pods: all.flatMap(({ metadata: { namespace, labels = {} }, status: { podIP: address } }) =>
        address === undefined ? [] : [{ namespace, labels, address }],
      ),
      namespaces: Object.fromEntries(namespaces.map(({ metadata: { name, labels = {} } }) => [name, labels])),
    });
    const { code, stderr } = await cluster.exec(["nft", "--file", "-"], { input: text });
    expect(stderr).toBe("");
    expect(code).toBe(0);
  };

  test("without enforcement every packet arrives", async () => {
    expect((await ask()).filter(([, , , reached]) => !reached)).toEqual([]);
  });

  test("with it those arrive that the table allows, and no others", async () => {
    await enforce();
    const byText = (rows: readonly TableRow[]) => rows.map((row) => row.join(" | ")).toSorted();
    expect(byText(await ask())).toEqual(byText(policyTable));
  });

  test("and the instance works on: an event goes from a publisher through NATS to a stream", async () => {
    const { origin, close } = await rvp.reach((await rvp.readyPods(1))[0]?.name ?? "");
    const stream = await openStream(origin, "policies");
    await publish(origin, "policies", "arrived", await rvp.publishKey());
    expect(await stream.received(1, 30_000)).toMatchObject([{ data: "arrived" }]);
    stream.close();
    await close();
    await rvp.waitFor("NatsReady", "True", "Ready");
  });
});
