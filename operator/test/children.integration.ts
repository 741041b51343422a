import { beforeAll, describe, expect, test } from "vitest";
import { coreChildKinds, secretKind } from "../src/kube/kinds.ts";
import type { KubernetesObject } from "../src/reconcile/ports.ts";
import {
  eventTold,
  eventually,
  isChildWrite,
  revenprox,
  revenproxPath,
  statusOf,
  versions,
} from "./support/cluster.ts";
import { childrenOf } from "./support/end-state.ts";
import { untilQuiet } from "./support/quiet.ts";
import { clusterOfFile, operatorOfFile } from "./support/stage.ts";

const deployments = "/apis/apps/v1/namespaces/default/deployments";
const services = "/api/v1/namespaces/default/services";

/** What waits on others is looked at every 4 s instead of every 20. */
const speed = 5;

const cluster = clusterOfFile();
const operator = operatorOfFile(cluster, { speed });

/** Makes a resource and waits until nothing more is written for it. */
const settled = async (name: string, spec: unknown = {}): Promise<void> => {
  await cluster.kubectlApply(revenprox(name, spec));
  await eventually(`${name} has a Deployment`, () => cluster.get(`${deployments}/${name}`), 60);
  await eventually(`${name} is not ready`, () => isNotReady(name), 60);
  await quiet(name);
};

const isNotReady = async (name: string) =>
  (await statusOf(cluster, name)).conditions?.some(({ type, status }) => type === "Ready" && status === "False");

const quiet = (name: string) => untilQuiet(cluster, name);

const replicasOf = async (name: string): Promise<number | undefined> =>
  ((await cluster.get(`${deployments}/${name}`))?.["spec"] as { readonly replicas?: number } | undefined)?.replicas;

const event = (reason: string, text: string) => eventTold(cluster, reason, [text]);

describe("children", () => {
  test("exist with an ownerReference each, and the generated Secrets with them", async () => {
    await settled("first");
    const owner = await cluster.get(revenproxPath("first"));
    const found = new Set<string>();
    for (const kind of [...coreChildKinds, secretKind])
      for (const { metadata } of await childrenOf<KubernetesObject>(cluster, "first", kind)) {
        found.add(kind.kind);
        const { name, ownerReferences } = metadata;
        expect(ownerReferences, name).toMatchObject([
          { kind: "RevenProx", uid: owner?.metadata.uid, controller: true },
        ]);
      }
    const always = ["Deployment", "StatefulSet", "Service", "ConfigMap", "ServiceAccount", "Secret"];
    expect([...found]).toEqual(expect.arrayContaining(always));
  });

  test("are not written again, however often the resource is looked at", async () => {
    await settled("calm");
    const others = async () =>
      (await versions(cluster)).split("\n").filter((line) => !line.startsWith("Deployment calm "));
    const before = await others();
    const requests = (await cluster.operatorRequests()).filter(isChildWrite).length;
    for (let look = 1; look <= 5; look++) {
      const passes = await operator.metric("revenprox_operator_reconcile_total");
      // Somebody else's field on a child: a reason to look, none to write.
      await cluster.kubectl("annotate", "deployment", "calm", `look=${look}`, "--overwrite");
      await eventually("it looked", async () => (await operator.metric("revenprox_operator_reconcile_total")) > passes);
    }
    await quiet("calm");
    expect(await others()).toEqual(before);
    expect((await cluster.operatorRequests()).filter(isChildWrite)).toHaveLength(requests);
    const patches = (await cluster.operatorRequests()).filter(({ verb }) => verb === "patch");
    expect(patches.filter(({ requestURI }) => requestURI.includes("dryRun"))).toEqual([]);
  });

  describe("of one resource", () => {
    beforeAll(() => settled("whole"));

    test.each([
      ["deployment"],
      ["service"],
      ["statefulset"],
      ["configmap"],
      ["serviceaccount"],
      ["networkpolicy"],
      ["poddisruptionbudget"],
    ])("a deleted %s is made again", async (kind) => {
      const selector = "app.kubernetes.io/instance=whole";
      const uidsNow = async () =>
        (await cluster.kubectl("get", kind, "-l", selector, "-o", "jsonpath={.items[*].metadata.uid}")).split(" ");
      const uids = await uidsNow();
      expect(uids).not.toContain("");
      await cluster.kubectl("delete", kind, "-l", selector);
      await eventually(`every ${kind} is back`, async () => {
        const now = await uidsNow();
        return now.length === uids.length && now.every((uid) => uid !== "" && !uids.includes(uid));
      });
    });
  });

  test.concurrent("a scaled Deployment is put back, and an event names who scaled it", async () => {
    await settled("scaled");
    await cluster.kubectl("scale", "deployment", "scaled", "--replicas=7");
    await eventually("it has 3 replicas again", async () => (await replicasOf("scaled")) === 3, 60);
    expect((await event("DriftCorrected", "Deployment scaled")).message).toContain("kubectl changed .spec.replicas");
  });

  test.concurrent("a removed field, a changed atomic map and a removed label are put back", async () => {
    await settled("edited");
    await cluster.kubectl(
      "patch",
      "service",
      "edited",
      "--type=json",
      "-p",
      '[{"op":"add","path":"/spec/selector/extra","value":"x"}]',
    );
    await cluster.kubectl("label", "service", "edited", "app.kubernetes.io/managed-by-");
    await cluster.kubectl(
      "patch",
      "deployment",
      "edited",
      "--type=json",
      "-p",
      '[{"op":"remove","path":"/spec/template/spec/automountServiceAccountToken"}]',
    );
    await eventually("all is back", async () => {
      const service = await cluster.get(`${services}/edited`);
      const selector = (service?.["spec"] as { selector: Record<string, string> } | undefined)?.selector;
      const automount = await cluster.kubectl(
        "get",
        "deployment",
        "edited",
        "-o",
        "jsonpath={.spec.template.spec.automountServiceAccountToken}",
      );
      return (
        selector !== undefined &&
        selector["extra"] === undefined &&
        service?.metadata.labels?.["app.kubernetes.io/managed-by"] !== undefined &&
        automount === "false"
      );
    });
    await event("DriftCorrected", "Service edited");
  });

  test.concurrent("an edited port of a Service is put back, though both would have the same name", async () => {
    await settled("ported");
    const port = '[{"op":"replace","path":"/spec/ports/0/port","value":81}]';
    await cluster.kubectl("patch", "service", "ported", "--type=json", "-p", port);
    const ports = () => cluster.kubectl("get", "service", "ported", "-o", "jsonpath={.spec.ports[*].port}");
    await eventually("it is put back", async () => (await ports()) === "8080");
    await event("DriftCorrected", "Service ported");
  });

  test.concurrent("kubectl rollout restart is respected", async () => {
    await settled("restarted");
    await cluster.kubectl("rollout", "restart", "deployment/restarted");
    // What it puts back later it puts back where it has seen the restart.
    await cluster.kubectl("scale", "deployment", "restarted", "--replicas=5");
    await eventually("its number is put back", async () => (await replicasOf("restarted")) === 3, 60);
    const annotations = await cluster.kubectl(
      "get",
      "deployment",
      "restarted",
      "-o",
      "jsonpath={.spec.template.metadata.annotations}",
    );
    expect(annotations).toContain("restartedAt");
  });

  test.concurrent("whoever changes the same field again and again wins for a while, and is named", async () => {
    await settled("fought");
    for (let round = 1; round <= 3; round++) {
      await cluster.kubectl("scale", "deployment", "fought", `--replicas=${round + 10}`);
      if (round < 3) await eventually("it is put back", async () => (await replicasOf("fought")) === 3, 60);
    }
    expect((await event("Conflict", "Deployment fought")).message).toContain("kubectl keeps changing .spec.replicas");
    await quiet("fought");
    expect(await replicasOf("fought")).toBe(13);
  });

  test.concurrent("a foreign object with a child's name stays as it is, and the resource says so until it is gone", async () => {
    const foreign = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "taken", namespace: "default" },
      spec: { ports: [{ port: 1 }] },
    };
    await cluster.kubectlApply(foreign);
    const before = (await cluster.get(`${services}/taken`))?.metadata.resourceVersion;
    await cluster.kubectlApply(revenprox("taken"));
    await event("NameConflict", "Service taken");
    await eventually("a condition names the conflict", async () =>
      JSON.stringify((await cluster.get(revenproxPath("taken")))?.["status"]).includes("NameConflict"),
    );
    await eventually("its other children are there", () => cluster.get(`${deployments}/taken`));
    expect((await cluster.get(`${services}/taken`))?.metadata.resourceVersion).toBe(before);
    await cluster.kubectl("delete", "service", "taken");
    await eventually(
      "the Service is ours",
      async () => (await cluster.get(`${services}/taken`))?.metadata.ownerReferences !== undefined,
      60,
    );
  });

  test.concurrent("a cold configuration that is no longer needed goes, the one before stays", async () => {
    await settled("configured");
    const configs = async () =>
      (
        await cluster.kubectl(
          "get",
          "configmap",
          "-l",
          "app.kubernetes.io/instance=configured",
          "-o",
          "jsonpath={.items[?(@.immutable==true)].metadata.name}",
        )
      )
        .split(" ")
        .filter((name) => name !== "");
    const [first] = await configs();
    for (const config of [{ metricsEnabled: false }, { http: { allowUnauthenticated: true } }]) {
      await cluster.kubectlApply(revenprox("configured", { config }));
      await quiet("configured");
    }
    const left = await configs();
    expect(left).toHaveLength(2);
    expect(left).not.toContain(first);
  });

  // The quota holds for the namespace, so nothing else is made meanwhile.
  test("a child that the API server refuses is told, and the others are made", async () => {
    await cluster.kubectlApply({
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "none", namespace: "default" },
      spec: { hard: { "count/deployments.apps": "0" } },
    });
    // No controller counts here.
    const counted = { status: { hard: { "count/deployments.apps": "0" }, used: { "count/deployments.apps": "0" } } };
    await cluster.kubectl(
      "patch",
      "resourcequota",
      "none",
      "--subresource=status",
      "--type=merge",
      "-p",
      JSON.stringify(counted),
    );
    await cluster.kubectlApply(revenprox("refused"));
    try {
      await event("ApplyRefused", "Deployment refused");
      await eventually("the Service is there", () => cluster.get(`${services}/refused`));
    } finally {
      await cluster.kubectl("delete", "resourcequota", "none");
    }
    await eventually("the Deployment is made once it may", () => cluster.get(`${deployments}/refused`), 60);
  });
});
