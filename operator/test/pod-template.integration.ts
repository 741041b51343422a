import { expect, test } from "vitest";
import { condition, eventually, revenprox, revenproxPath } from "./support/cluster.ts";
import { clusterOfFile, operatorOfFile } from "./support/stage.ts";

const deployment = "/apis/apps/v1/namespaces/default/deployments";

const cluster = clusterOfFile();
const operator = operatorOfFile(cluster);

/** The schema cannot know it: Kubernetes takes tolerationSeconds with NoExecute only. */
const badToleration = { pod: { tolerations: [{ key: "a", effect: "NoSchedule", tolerationSeconds: 5 }] } };

test("pods that the API server refuses are told as Stalled/PodTemplateInvalid, and nothing that runs is touched", async () => {
  await cluster.kubectlApply(revenprox("edited"));
  const before = await eventually("its Deployment is made", () => cluster.get(`${deployment}/edited`), 60);
  await cluster.kubectlApply(revenprox("edited", badToleration));
  const stalled = await condition(cluster, "edited", ["Stalled", "True"]);
  expect(stalled.reason).toBe("PodTemplateInvalid");
  expect(stalled.message).toContain("tolerations");
  const status = (await cluster.get(revenproxPath("edited")))?.["status"];
  expect(status).toMatchObject({ image: "localhost/revenprox-proxy:test" });
  expect((await cluster.get(`${deployment}/edited`))?.["spec"]).toEqual(before["spec"]);

  await cluster.kubectlApply(revenprox("edited", {}));
  await condition(cluster, "edited", ["Stalled", "False"]);
});

test("another operator's images restart nothing until they are asked for", async () => {
  await cluster.kubectlApply(revenprox("kept"));
  const images = async () =>
    [
      await cluster.kubectl("get", "deploy", "kept", "-o", "jsonpath={.spec.template.spec.containers[0].image}"),
      await cluster.kubectl("get", "sts", "kept-nats", "-o", "jsonpath={.spec.template.spec.containers[0].image}"),
    ].join(" ");
  await condition(cluster, "kept", ["UpgradePending", "False"]);
  const before = await images();
  const environment = { PROXY_IMAGE: "localhost/revenprox-proxy:next", NATS_IMAGE: "localhost/nats-server:next" };
  await operator.restart({ environment });
  const pending = await condition(cluster, "kept", ["UpgradePending", "True"]);
  expect(pending.message).toContain("localhost/revenprox-proxy:next");
  expect(await images()).toBe(before);
  const generations = await cluster.kubectl("get", "deploy,sts", "-o", "jsonpath={.items[*].metadata.generation}");
  expect(new Set(generations.split(" "))).toEqual(new Set(["1"]));

  await cluster.kubectlApply(revenprox("kept", { upgradePolicy: "Automatic" }));
  await eventually(
    "both are rolled out",
    async () => (await images()) === "localhost/revenprox-proxy:next localhost/nats-server:next",
    60,
  );
  await condition(cluster, "kept", ["UpgradePending", "False"]);
});
