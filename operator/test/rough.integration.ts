import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { coreTargets } from "../src/kube/kinds.ts";
import { type AuditEvent, condition, eventually, isChildWrite, revenprox, untilTaken } from "./support/cluster.ts";
import { withOperator } from "./support/operator.ts";
import { kubeconfigThrough } from "./support/operator-process.ts";
import { startRelay } from "./support/relay.ts";
import { seeded } from "./support/seeded.ts";
import { clusterOfEachTest } from "./support/stage.ts";

/** Rounds of trouble; the long run of `npm run test:full` has ten times as many. */
const rounds = process.env["REVENPROX_TEST_FULL"] === undefined ? 12 : 120;
const names = ["one", "two", "three"];
const deployments = "/apis/apps/v1/namespaces/default/deployments";

const cluster = clusterOfEachTest();
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "revenprox-rough-"));
});

afterEach(async () => {
  cluster.controlPlane.thawEtcd();
  await rm(folder, { recursive: true, force: true });
});

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const replicasOf = async (name: string): Promise<unknown> =>
  ((await cluster.get(`${deployments}/${name}`))?.["spec"] as { readonly replicas?: number } | undefined)?.replicas;

/** A user's change, again until the API server takes it. */
const change = (name: string, replicas: number): Promise<unknown> =>
  untilTaken(`${name} is changed`, () => cluster.kubectlApply(revenprox(name, { replicas })), 90);

const converges = async (replicas: number): Promise<void> => {
  // The API server may be away at the moment: that is what these tests are about.
  for (const name of names)
    await eventually(
      `${name} has ${replicas} replicas`,
      async () => (await replicasOf(name).catch(() => undefined)) === replicas,
      120,
    );
};

/** Child writes after all has converged: a system that is not steady goes on writing. */
const isQuiet = async (): Promise<void> => {
  const writes = async () => (await cluster.operatorRequests()).filter(isChildWrite).filter(ofOperator).length;
  let before = -1;
  await eventually(
    "the operator is quiet",
    async () => {
      const now = await writes();
      const same = now === before;
      before = now;
      if (!same) await pause(2_000);
      return same;
    },
    60,
  );
};

const ofOperator = ({ objectRef }: AuditEvent): boolean =>
  !["leases", "revenproxes"].includes(objectRef?.resource ?? "");

const lease = {
  LEASE_NAMESPACE: "default",
  LEASE_DURATION_SECONDS: "6",
  LEASE_RENEW_DEADLINE_SECONDS: "4",
  LEASE_RETRY_SECONDS: "1",
};

describe("a slow etcd", () => {
  test(
    `that stands still ${rounds} times for up to 2 s: the operator converges, and is quiet after`,
    () =>
      withOperator(cluster, { environment: lease }, async (operator) => {
        const random = seeded(7);
        for (const name of names) await change(name, 1);
        for (let round = 1; round <= rounds; round++) {
          const changed = Promise.all(names.map((name) => change(name, 1 + round)));
          cluster.controlPlane.freezeEtcd();
          await pause(200 + random() * 1_800);
          cluster.controlPlane.thawEtcd();
          await changed;
        }
        await converges(1 + rounds);
        for (const name of names) await condition(cluster, name, ["Ready", "False"]);
        await isQuiet();
        expect((await operator.get("/livez")).status).toBe(200);
      }),
    1_800_000,
  );

  test(
    "that stands still for longer than the Lease: the leader steps back, and leads again after",
    () =>
      withOperator(cluster, { environment: lease }, async (operator) => {
        for (const name of names) await change(name, 1);
        await converges(1);
        cluster.controlPlane.freezeEtcd();
        await eventually(
          "it leads no more",
          async () => (await operator.metric("revenprox_operator_leader")) === 0,
          60,
        );
        cluster.controlPlane.thawEtcd();
        await eventually("it leads again", async () => (await operator.metric("revenprox_operator_leader")) === 1, 90);
        for (const name of names) await change(name, 5);
        await converges(5);
      }),
    300_000,
  );
});

describe("watches", () => {
  test(`that are cut at random ${rounds} times: nothing is missed, and nothing is listed anew`, async () => {
    const relay = await startRelay(Number(new URL(cluster.controlPlane.url).port));
    try {
      const kubeconfig = await kubeconfigThrough(cluster, relay.port, folder);
      await withOperator(cluster, { kubeconfig }, async (operator) => {
        const random = seeded(11);
        for (let round = 1; round <= rounds; round++) {
          const changed = Promise.all(names.map((name) => change(name, round)));
          await pause(random() * 600);
          relay.breakAll();
          await pause(random() * 600);
          // A child that goes while nobody watches is what a missed event would cost.
          await cluster.kubectl("delete", "service", names[round % names.length] ?? "", "--ignore-not-found");
          await changed;
        }
        await converges(rounds);
        for (const name of names)
          await eventually(
            `${name} has its Service`,
            () => cluster.get(`/api/v1/namespaces/default/services/${name}`),
            120,
          );
        await isQuiet();
        const lists = (await cluster.operatorRequests()).filter(
          ({ verb, objectRef, userAgent }) =>
            verb === "list" && objectRef?.resource !== "storageclasses" && userAgent?.startsWith("revenprox-operator"),
        );
        expect(lists.length).toBeLessThanOrEqual(2 * coreTargets.length);
        expect((await operator.get("/livez")).status).toBe(200);
      });
    } finally {
      await relay.stop();
    }
  }, 1_800_000);
});
