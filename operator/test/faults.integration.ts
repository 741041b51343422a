import { beforeAll, describe, expect, test } from "vitest";
import type { KubeClient, KubeRequest } from "../src/kube/client.ts";
import { KubeUnreachableError } from "../src/kube/kube-error.ts";
import { condition, eventually, revenprox, revenproxPath } from "./support/cluster.ts";
import { endState, secretsOf } from "./support/end-state.ts";
import { startOperator } from "./support/operator.ts";
import { freshPass } from "./support/pass.ts";
import { clusterOfFile } from "./support/stage.ts";

/** In `npm test` reads are disturbed at every third call, writes of children always. */
const isFull = process.env["REVENPROX_TEST_FULL"] !== undefined;
const isChange = (call = ""): boolean => !call.startsWith("GET") && !call.endsWith("/events");

const cluster = clusterOfFile();

/** What happens at the n-th call of a pass: it, or all from it on, is not sent, or is carried out and its answer lost. */
interface Fault {
  readonly at: number;
  readonly isCarriedOut: boolean;
  readonly isTheEnd: boolean;
}

const faulty = (direct: KubeClient, fault: Fault | undefined) => {
  const calls: string[] = [];
  const lost = (call: KubeRequest) => new KubeUnreachableError(`${call.method} ${call.path}: connection reset`);
  const client: KubeClient = {
    ...direct,
    request: async (call) => {
      const number = calls.push(`${call.method} ${call.path}`);
      if (fault === undefined || number < fault.at) return direct.request(call);
      if (number > fault.at) return fault.isTheEnd ? Promise.reject(lost(call)) : direct.request(call);
      // Whatever it answers, its caller hears only that the connection is gone.
      if (fault.isCarriedOut) await direct.request(call).catch(() => undefined);
      throw lost(call);
    },
  };
  return { client, calls };
};

const pass = async (name: string, fault?: Fault) => {
  const { client, calls } = faulty(cluster.client, fault);
  const resource = { namespace: "default", name };
  // A pass that is killed rejects or tells of failures: both are what the fault is for.
  await freshPass({ client, direct: cluster.client }, resource).catch((error: unknown) => {
    if (fault === undefined) throw error;
  });
  return calls;
};

const make = (name: string) =>
  cluster.client.request({
    method: "POST",
    path: "/apis/revenprox.io/v1alpha1/namespaces/default/revenproxes",
    body: revenprox(name),
  });

/** Runs `work` over all items, a few at a time. */
const inParallel = async <T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> => {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: 6 }, worker));
};

describe("the two queues", () => {
  test("reports that hang delay no pass; liveness notices them, and is well again after", async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const operator = await startOperator(cluster, {
      environment: { MAX_CONCURRENT_RECONCILES: "1" },
      stuckAfterMs: 2_000,
      through: (client) => ({
        ...client,
        request: async (call) => {
          if (call.path.endsWith("/status")) await held;
          return client.request(call);
        },
      }),
    });
    try {
      for (const name of ["q-one", "q-two"]) await cluster.kubectlApply(revenprox(name));
      for (const name of ["q-one", "q-two"])
        await eventually(
          `${name} has its Deployment`,
          () => cluster.get(`/apis/apps/v1/namespaces/default/deployments/${name}`),
          90,
        );
      await eventually("liveness says so", async () => {
        const { status, body } = await operator.get("/livez");
        return status === 503 && body.includes("a report on a RevenProx is stuck");
      });
      release();
      await condition(cluster, "q-two", ["Ready", "False"]);
      await eventually("it is well again", async () => !(await operator.get("/livez")).body.includes("report"), 60);
      expect(await operator.metric("revenprox_operator_workqueue_adds_total")).toBeGreaterThan(3);
    } finally {
      release();
      await operator.stop();
    }
  }, 240_000);
});

describe("a pass that is disturbed at any of its calls", () => {
  let reference: readonly string[];
  let calls: readonly string[];

  beforeAll(async () => {
    await make("p-reference");
    calls = await pass("p-reference");
    await pass("p-reference");
    reference = await endState(cluster, "p-reference");
  });

  test.each([
    ["the operator ends before the call", { isCarriedOut: false, isTheEnd: true }],
    ["the operator ends after the call was carried out", { isCarriedOut: true, isTheEnd: true }],
    ["the call fails", { isCarriedOut: false, isTheEnd: false }],
    ["the call's answer is lost", { isCarriedOut: true, isTheEnd: false }],
  ] as const)(
    "%s: the next operator's pass comes to the same end",
    async (text, fault) => {
      expect(calls.length).toBeGreaterThan(20);
      expect(reference.length).toBeGreaterThan(8);
      const steps = calls
        .map((_, index) => index + 1)
        .filter((at) => isFull || isChange(calls[at - 1]) || at % 3 === 0);
      await inParallel(steps, async (at) => {
        const name = `p-${text.length}-${at}x`;
        await make(name);
        await pass(name, { at, ...fault });
        const before = await secretsOf(cluster, name);
        await pass(name);
        const after = (await secretsOf(cluster, name)).map(({ data }) => data);
        expect(await endState(cluster, name), `disturbed at call ${at}: ${calls[at - 1]}`).toEqual(reference);
        for (const { data } of before) expect(after).toContainEqual(data);
        expect((await cluster.get(revenproxPath(name)))?.["status"]).toMatchObject({ observedGeneration: 1 });
      });
    },
    400_000,
  );
});
