import { expect, test } from "vitest";
import type { KubeClient } from "../src/kube/client.ts";
import { eventually, revenprox, revenproxPath } from "./support/cluster.ts";
import { type RunningOperator, withOperator } from "./support/operator.ts";
import { clusterOfFile } from "./support/stage.ts";

const cluster = clusterOfFile();

const failedPasses = (operator: RunningOperator) => operator.metric("revenprox_operator_reconcile_errors_total");

const warnings = (operator: RunningOperator) => operator.lines.filter((line) => /\b(WARN|ERROR)\b/.test(line));

/** Makes a namespace with a RevenProx and waits for its first status. */
const settled = async (namespace: string): Promise<void> => {
  await cluster.kubectl("create", "namespace", namespace);
  await cluster.kubectlApply({ ...revenprox("web"), metadata: { name: "web", namespace } });
  await eventually("the RevenProx has a status", async () => {
    const resource = await cluster.get(revenproxPath("web", namespace));
    return (resource?.["status"] as { observedGeneration?: number } | undefined)?.observedGeneration === 1;
  });
};

/** No namespace controller runs here: the API server refuses new objects from now on, and the test removes the old. */
const beginEnd = async (namespace: string): Promise<void> => {
  await cluster.kubectl("delete", "namespace", namespace, "--wait=false");
  await eventually("the namespace is being terminated", async () => {
    const found = await cluster.get(`/api/v1/namespaces/${namespace}`);
    return (found?.["status"] as { phase?: string } | undefined)?.phase === "Terminating";
  });
};

const remove = (namespace: string, kinds: string) =>
  cluster.kubectl("delete", kinds, "--all", "--namespace", namespace, "--wait=false");

const children = "deployments,statefulsets,services,configmaps,secrets,serviceaccounts,networkpolicies";

/** Objects, events left out, that the API server would not let be made in the namespace. */
const refusals = async (namespace: string): Promise<number> => {
  const requests = await cluster.operatorRequests();
  return requests.filter(
    ({ requestURI, responseStatus, objectRef }) =>
      requestURI.includes(`/namespaces/${namespace}/`) &&
      responseStatus?.code === 403 &&
      objectRef?.resource !== "events",
  ).length;
};

/** Another resource of the same operator gets there: all that lay in the queue before it is done. */
const queueIsWorkedOff = async (name: string): Promise<void> => {
  await settled(name);
};

test("a namespace that ends: what can no longer be made there fails no pass and warns of nothing", () =>
  withOperator(cluster, {}, async (operator) => {
    await settled("ends");
    await beginEnd("ends");
    await remove("ends", children);
    await eventually("the operator was refused", async () => (await refusals("ends")) > 0);
    await queueIsWorkedOff("after-children");
    const status = (await cluster.get(revenproxPath("web", "ends")))?.["status"];
    await remove("ends", "revenproxes");
    await queueIsWorkedOff("after-resource");

    expect(JSON.stringify(status)).not.toMatch(/refused|being terminated/i);
    expect(warnings(operator)).toEqual([]);
    expect(await failedPasses(operator)).toBe(0);
    // Each removed child asks for a pass, and a pass stops at its first refusal; no pass is tried again by itself.
    const count = await refusals("ends");
    expect(count).toBeLessThan(40);
    await queueIsWorkedOff("later");
    expect(await refusals("ends")).toBe(count);
  }));

test.each([
  ["pass", (call: string) => call.startsWith("PATCH ") && call.endsWith("/deployments/web")],
  ["report", (call: string) => call.startsWith("PATCH ") && call.endsWith("/revenproxes/web/status")],
])("a RevenProx that is deleted within its %s fails nothing", async (name, isMoment) => {
  const namespace = `deleted-in-${name}`;
  let deleted = false;
  const deletes = (client: KubeClient): KubeClient => ({
    ...client,
    request: async (call) => {
      const isHere = call.path.includes(`/namespaces/${namespace}/`);
      if (isHere && !deleted && isMoment(`${call.method} ${call.path}`)) {
        deleted = true;
        await cluster.kubectl("delete", "revenprox", "web", "--namespace", namespace);
      }
      return client.request(call);
    },
  });
  await withOperator(cluster, { through: deletes }, async (operator) => {
    await cluster.kubectl("create", "namespace", namespace);
    await cluster.kubectlApply({ ...revenprox("web"), metadata: { name: "web", namespace } });
    await eventually("it was deleted", async () => deleted);
    await queueIsWorkedOff(`after-${name}`);
    expect(warnings(operator)).toEqual([]);
    expect(await failedPasses(operator)).toBe(0);
  });
});
