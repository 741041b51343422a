import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { coreTargets } from "../src/kube/kinds.ts";
import { condition, eventually, isChildWrite, revenprox, versions } from "./support/cluster.ts";
import { images, withOperator } from "./support/operator.ts";
import { clusterOfEachTest } from "./support/stage.ts";

const deployments = "/apis/apps/v1/namespaces/default/deployments";
const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
/** Each takes seconds, and more where the machine has other work. */
const restarts = process.env["REVENPROX_TEST_FULL"] === undefined ? 8 : 20;

const cluster = clusterOfEachTest();

const replicasOf = async (name: string): Promise<unknown> =>
  ((await cluster.get(`${deployments}/${name}`))?.["spec"] as { replicas?: number } | undefined)?.replicas;

describe("the API server", () => {
  test(`may be killed ${restarts} times under change: the end is the same and lists stay few`, async () => {
    await withOperator(cluster, {}, async (operator) => {
      await cluster.kubectlApply(revenprox("steady"));
      await condition(cluster, "steady", ["Ready", "False"]);
      for (let round = 1; round <= restarts; round++) {
        const scaled = cluster.kubectlApply(revenprox("steady", { replicas: round }));
        const made = cluster.kubectlApply(revenprox(`round-${round}`, { replicas: 1 }));
        await Promise.allSettled(round % 2 === 0 ? [scaled, made] : []);
        await cluster.controlPlane.kill();
        await Promise.allSettled([scaled, made]);
        await cluster.controlPlane.restart();
        await cluster.kubectlApply(revenprox("steady", { replicas: round }));
        await cluster.kubectlApply(revenprox(`round-${round}`, { replicas: 1 }));
        if (round % 5 === 0) await cluster.kubectl("delete", "deployment", "steady", "--ignore-not-found");
      }
      await eventually("the last change has arrived", async () => (await replicasOf("steady")) === restarts, 60);
      for (let round = 1; round <= restarts; round++) {
        await eventually(
          `round-${round} has its Deployment`,
          async () => (await replicasOf(`round-${round}`)) === 1,
          60,
        );
        await condition(cluster, `round-${round}`, ["Ready", "False"]);
      }
      const lists = (await cluster.operatorRequests()).filter(
        ({ verb, objectRef }) => verb === "list" && objectRef?.resource !== "storageclasses",
      );
      // A restarted API server has forgotten old versions: at most one list a watch and restart, and the first ones.
      expect(lists.length).toBeLessThanOrEqual((restarts + 1) * coreTargets.length);
      expect((await operator.get("/livez")).status).toBe(200);
    });
  }, 900_000);
});

describe("the operator's process", () => {
  const start = (): ChildProcess => {
    const child = spawn(process.execPath, ["--conditions=revenprox-source", main], {
      env: { ...images, KUBECONFIG: cluster.controlPlane.kubeconfig, PORT: "0", LOG_FORMAT: "text" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    return child;
  };
  const saying = async (child: ChildProcess, text: string): Promise<void> => {
    for await (const chunk of child.stdout ?? []) if (String(chunk).includes(text)) break;
    child.stdout?.resume();
  };

  test("may be killed and started again without a write to a child, and ends by itself on SIGTERM", async () => {
    const first = start();
    await saying(first, "watching RevenProxes");
    await cluster.kubectlApply(revenprox("kept"));
    await condition(cluster, "kept", ["Ready", "False"]);
    let before = "";
    await eventually("all is written", async () => {
      const [former, now] = [before, await versions(cluster)];
      before = now;
      return former === now;
    });
    const killed = once(first, "exit");
    first.kill("SIGKILL");
    await killed;

    const requestsBefore = (await cluster.operatorRequests()).length;
    const written = (await cluster.operatorRequests()).filter(isChildWrite).length;
    const second = start();
    await saying(second, "watching RevenProxes");
    await cluster.kubectl("annotate", "deployment", "kept", "look=1");
    // Each pass of a new process begins with the Secrets, by name.
    await eventually("it looked", async () =>
      (await cluster.operatorRequests())
        .slice(requestsBefore)
        .some(({ verb, objectRef }) => verb === "get" && objectRef?.resource === "secrets"),
    );
    const ended = once(second, "exit");
    second.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
    const withoutAnnotated = (text: string) => text.split("\n").filter((line) => !line.startsWith("Deployment "));
    expect(withoutAnnotated(await versions(cluster))).toEqual(withoutAnnotated(before));
    expect((await cluster.operatorRequests()).filter(isChildWrite)).toHaveLength(written);
  }, 400_000);

  test("names every bad setting and ends", async () => {
    const child = spawn(process.execPath, ["--conditions=revenprox-source", main], {
      env: { KUBECONFIG: cluster.controlPlane.kubeconfig, LOG_LEVEL: "loud" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr?.on("data", (chunk) => (said += String(chunk)));
    expect(await once(child, "exit")).toEqual([1, null]);
    expect(said).toMatch(/PROXY_IMAGE is not set[\s\S]*LOG_LEVEL="loud" must be/);
  }, 400_000);
});
