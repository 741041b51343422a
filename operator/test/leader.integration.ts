import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type AuditEvent,
  eventually,
  revenprox,
  revenproxPath,
  startTestCluster,
  type TestCluster,
} from "./support/cluster.ts";
import { kubeconfigThrough, type OperatorProcess, spawnOperator } from "./support/operator-process.ts";
import { type Relay, startRelay } from "./support/relay.ts";

interface Contender {
  readonly name: string;
  readonly relay: Relay;
  process: OperatorProcess;
}

const leasePath = "/apis/coordination.k8s.io/v1/namespaces/default/leases/revenprox-operator";
const resources = ["one", "two", "three"];

let cluster: TestCluster;
let folder: string;
let contenders: Contender[];

beforeEach(async () => {
  cluster = await startTestCluster();
  folder = await mkdtemp(join(tmpdir(), "revenprox-leader-"));
  contenders = [];
});

afterEach(async () => {
  await Promise.all(contenders.map(({ process }) => process.end("SIGKILL")));
  await Promise.all(contenders.map(({ relay }) => relay.stop()));
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

interface LeaseSeconds {
  readonly duration: number;
  readonly deadline: number;
}

const launch = async (name: string, relay: Relay, { duration, deadline }: LeaseSeconds): Promise<OperatorProcess> =>
  spawnOperator(await kubeconfigThrough(cluster, relay.port, folder), {
    LEASE_NAMESPACE: "default",
    POD_NAME: name,
    LEASE_DURATION_SECONDS: String(duration),
    LEASE_RENEW_DEADLINE_SECONDS: String(deadline),
    LEASE_RETRY_SECONDS: "1",
  });

const contend = async (name: string, times: LeaseSeconds): Promise<Contender> => {
  const relay = await startRelay(Number(new URL(cluster.controlPlane.url).port));
  const contender = { name, relay, process: await launch(name, relay, times) };
  contenders.push(contender);
  return contender;
};

const callerOf = ({ userAgent }: AuditEvent): string => /\((.*)\)/.exec(userAgent ?? "")?.[1] ?? "";

/** What the operators changed, Leases aside, in the order of arrival. */
const writes = async (): Promise<readonly AuditEvent[]> =>
  (await cluster.operatorRequests())
    .filter(({ verb, objectRef }) => !["get", "list", "watch"].includes(verb) && objectRef?.resource !== "leases")
    .filter((event) => callerOf(event) !== "" && (event.responseStatus?.code ?? 500) < 300)
    .toSorted((left, right) => (left.requestReceivedTimestamp < right.requestReceivedTimestamp ? -1 : 1));

/** Names of the writers one after the other; throws when a write began before another one's had ended. */
const reigns = async (): Promise<readonly string[]> => {
  const names: string[] = [];
  let [lastEnd, lastCaller] = ["", ""];
  for (const event of await writes()) {
    const caller = callerOf(event);
    if (caller !== lastCaller) {
      expect(event.requestReceivedTimestamp > lastEnd, `${caller} wrote while ${lastCaller} did`).toBe(true);
      names.push(caller);
    }
    if (caller !== lastCaller || event.stageTimestamp > lastEnd) lastEnd = event.stageTimestamp;
    lastCaller = caller;
  }
  return names;
};

const writesOf = async (name: string): Promise<number> =>
  (await writes()).filter((event) => callerOf(event) === name).length;

const writesAgain = async ({ name }: Contender): Promise<void> => {
  const before = await writesOf(name);
  await eventually(`${name} writes`, async () => (await writesOf(name)) > before, 90);
};

/** Changes resources all the time, so that there is always something to write; answers what ends it. */
const churn = (): (() => Promise<void>) => {
  const end = new AbortController();
  const run = async () => {
    for (let round = 1; !end.signal.aborted; round++) {
      for (const name of resources)
        await cluster.client.request({
          method: "PATCH",
          path: revenproxPath(name),
          contentType: "application/merge-patch+json",
          body: { spec: { replicas: 1 + (round % 9) } },
        });
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  };
  const running = run();
  return async () => {
    end.abort();
    await running;
  };
};

describe("two operators", () => {
  test("never write at once: partition, stopped process, crash", async () => {
    const times = { duration: 6, deadline: 4 };
    for (const name of resources) await cluster.kubectlApply(revenprox(name, { replicas: 1 }));
    const endChurn = churn();
    try {
      const a = await contend("a", times);
      await writesAgain(a);
      const b = await contend("b", times);
      await eventually("b stands by", async () => b.process.log().includes("watching RevenProxes"), 60);

      a.relay.cut();
      await writesAgain(b);
      a.relay.heal();
      await eventually("a knows", async () => a.process.log().includes("leads no more"), 60);
      await writesAgain(b);

      b.process.child.kill("SIGSTOP");
      await writesAgain(a);
      b.process.child.kill("SIGCONT");
      await eventually("b knows", async () => b.process.log().includes("leads no more"), 60);
      await writesAgain(a);

      await a.process.end("SIGKILL");
      await writesAgain(b);
    } finally {
      await endChurn();
    }
    expect(await reigns()).toEqual(["a", "b", "a", "b"]);
  }, 400_000);

  test("hand over on a stop, long before the lease time", async () => {
    const times = { duration: 600, deadline: 400 };
    await cluster.kubectlApply(revenprox("one", { replicas: 1 }));
    const a = await contend("a", times);
    await writesAgain(a);
    const b = await contend("b", times);
    await eventually("b stands by", async () => b.process.log().includes("watching RevenProxes"), 60);
    await a.process.end("SIGTERM");
    await eventually("b leads", async () => b.process.log().includes("this operator leads"), 60);
    const lease = await cluster.get(leasePath);
    const holderIdentity: unknown = expect.stringMatching(/^b_/);
    expect(lease?.["spec"]).toMatchObject({ leaseTransitions: 1, leaseDurationSeconds: 600, holderIdentity });
    expect((await reigns())[0]).toBe("a");
  }, 240_000);
});
