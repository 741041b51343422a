import { revenproxApi } from "@revenprox/contract/resource/group";
import type { RevenProxStatus } from "@revenprox/contract/resource/status";
import type { StatusObject } from "@revenprox/contract/testing/kstatus";
import { transitionFaults } from "@revenprox/contract/testing/status-transitions";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { ApplyOutcome, KubernetesObject } from "../reconcile/ports.ts";
import { secondsLater, settledInput } from "../testing/live.ts";
import { status } from "./index.ts";

/** What may be true of the pods of a workload, each figure at most the one before it. */
const pods = fc.tuple(...[4, 4, 4, 4].map((max) => fc.integer({ min: 0, max }))).map(([exist = 0, ...rest]) => {
  const [updated = 0, ready = 0, available = 0] = rest.map((each) => Math.min(each, exist));
  return { exist, updated, ready, available: Math.min(ready, available) };
});
const step = fc.record({
  seconds: fc.integer({ min: 0, max: 400 }),
  edited: fc.boolean(),
  wanted: fc.integer({ min: 0, max: 3 }),
  /** Whether the controllers have seen the present spec. */
  observed: fc.boolean(),
  late: fc.boolean(),
  proxies: pods,
  nats: pods,
  outcome: fc.constantFrom<ApplyOutcome["kind"] | undefined>(undefined, undefined, "failed", "refused", "planned"),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const workloadStatus = ({ observed, late, wanted }: Step, counts: Step["proxies"], generation: number) => {
  const complete = counts.updated >= wanted && counts.exist === counts.updated && counts.available >= wanted;
  const reason = complete ? "NewReplicaSetAvailable" : late ? "ProgressDeadlineExceeded" : "ReplicaSetUpdated";
  return {
    observedGeneration: observed ? generation : generation - 1,
    replicas: counts.exist,
    updatedReplicas: counts.updated,
    readyReplicas: counts.ready,
    availableReplicas: counts.available,
    currentReplicas: counts.exist,
    conditions: [
      { type: "Available", status: counts.available >= wanted ? "True" : "False" },
      { type: "Progressing", status: complete || !late ? "True" : "False", reason },
    ],
  };
};

const outcomeOf = (kind: Step["outcome"]): readonly ApplyOutcome[] => {
  const ref = { apiVersion: "v1", kind: "Service", name: "web" };
  if (kind === "failed") return [{ kind, ref, message: "no answer" }];
  if (kind === "refused") return [{ kind, ref, status: 422, reason: "Invalid", message: "no" }];
  return kind === "planned" ? [{ kind, ref, action: "Change" }] : [];
};

/** All states of a RevenProx and its workloads, as a watch would see them through these steps. */
const statesOf = (steps: readonly Step[]): readonly StatusObject[] => {
  const seen: StatusObject[] = [];
  let [version, generation, at] = [1, 1, 0];
  let former: RevenProxStatus | undefined;
  for (const each of steps) {
    at += each.seconds;
    if (each.edited) generation += 1;
    const input = settledInput({ replicas: each.wanted });
    const objects = input.observed.objects.map((object): KubernetesObject => {
      if (object.kind !== "Deployment" && object.kind !== "StatefulSet") return object;
      const counts = object.kind === "Deployment" ? each.proxies : each.nats;
      const wanted = (object["spec"] as { readonly replicas: number }).replicas;
      return {
        ...object,
        metadata: {
          ...object.metadata,
          generation,
          resourceVersion: String(version++),
          ownerReferences: [{ ...revenproxApi, name: "web", uid: "u" }],
        },
        status: workloadStatus({ ...each, wanted }, counts, generation),
      };
    });
    seen.push(...objects.filter(({ kind }) => kind === "Deployment" || kind === "StatefulSet"));
    const metadata = { ...input.revenprox.metadata, uid: "u", generation };
    const revenprox = { ...input.revenprox, metadata, ...(former === undefined ? {} : { status: former }) };
    former = status({
      ...input,
      revenprox,
      observed: { objects, pods: [] },
      apply: outcomeOf(each.outcome),
      now: secondsLater(at),
    });
    seen.push({ ...revenprox, metadata: { ...metadata, resourceVersion: String(version++) }, status: former });
  }
  return seen;
};

test("whatever the workloads do, every status on the way is the truth by kstatus", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
      expect(transitionFaults(statesOf(steps))).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
