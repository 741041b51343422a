import { names } from "@revenprox/contract/names";
import { planAnnotation } from "@revenprox/contract/resource/group";
import type { ChildStatus } from "@revenprox/contract/resource/status";
import type { ApplyOutcome, KubernetesObject, ObjectRef, SecretFact, StatusInput } from "../reconcile/ports.ts";
import { liveWorkload, waitsFor } from "./live-workload.ts";
import type { Trouble } from "./verdict.ts";

/** How one child stands. */
type Health = Pick<ChildStatus, "health" | "message">;

const current: Health = { health: "Current" };
const inProgress = (message: string): Health => ({ health: "InProgress", message });
const failed = (message: string): Health => ({ health: "Failed", message });

/** Whether two references mean one object; versions of an API group are ways to see the same one. */
const isSame = (a: ObjectRef, b: ObjectRef): boolean => a.kind === b.kind && a.name === b.name;

const refOf = ({ apiVersion, kind, metadata }: KubernetesObject): ObjectRef => ({
  apiVersion,
  kind,
  name: metadata.name,
});

/** What a write says of a child; undefined when it went well. */
const outcomeHealth = (outcome: ApplyOutcome | undefined): Health | undefined => {
  switch (outcome?.kind) {
    case "name-conflict":
      return failed(`The name is taken by an object of ${outcome.owner}.`);
    case "conflict":
      return failed(`${outcome.manager} keeps changing ${outcome.fields.join(", ")}.`);
    case "refused":
      return failed(outcome.message);
    case "planned":
      return inProgress(`Only planned: the annotation ${planAnnotation} is there.`);
    case "failed":
      return inProgress(`Not written yet: ${outcome.message}`);
    case undefined:
    case "unchanged":
    case "created":
    case "changed":
    case "renewed":
    case "drift-corrected":
    case "namespace-ends":
      return undefined;
  }
};

const isPaused = ({ spec }: KubernetesObject): boolean => (spec as { readonly paused?: boolean }).paused === true;

/** The operator pauses a Deployment while pods drain; whoever else did that has to take it back. */
const pausedByOthers = (desired: KubernetesObject, live: KubernetesObject): boolean =>
  isPaused(live) && !isPaused(desired);

const workloadHealth = (desired: KubernetesObject, live: KubernetesObject, trouble: Trouble | undefined): Health => {
  const workload = liveWorkload(live);
  const waiting = waitsFor(workload);
  if (waiting === undefined) return current;
  if (workload.observed && pausedByOthers(desired, live)) {
    return inProgress(
      `${waiting} It was paused, not by the operator: kubectl rollout resume deployment/${live.metadata.name}.`,
    );
  }
  const message = trouble?.message ?? workload.refusedPods?.message ?? waiting;
  return workload.deadlineExceeded && workload.observed ? failed(message) : inProgress(message);
};

/** Trouble of the pods below a workload, by its kind. */
export type Troubles = Readonly<Record<"Deployment" | "StatefulSet", Trouble | undefined>>;

const liveHealth = (desired: KubernetesObject, live: KubernetesObject | undefined, troubles: Troubles): Health => {
  if (live === undefined) return inProgress("It does not exist yet.");
  if (live.metadata.deletionTimestamp !== undefined) return inProgress("It is being deleted and made anew after that.");
  if (live.kind === "Deployment" || live.kind === "StatefulSet")
    return workloadHealth(desired, live, troubles[live.kind]);
  return current;
};

const secretChildren = ({ revenprox, facts, apply }: StatusInput): readonly ChildStatus[] => {
  const { publishKey, managementTokens, natsUsers, natsAuthority, natsTls } = names(revenprox.metadata.name);
  const managed = revenprox.spec.nats?.external === undefined;
  const secrets: readonly (readonly [string, SecretFact])[] = [
    ...(revenprox.spec.auth?.publishKeysSecret === undefined ? [[publishKey, facts.secrets.publishKey] as const] : []),
    [managementTokens, facts.secrets.managementTokens],
    ...(managed ? [[natsUsers, facts.secrets.natsUsers] as const] : []),
    ...(facts.secrets.natsTls === undefined
      ? []
      : [[natsAuthority, facts.secrets.natsTls.authority] as const, [natsTls, facts.secrets.natsTls.server] as const]),
  ];
  return secrets.map(([name, fact]) => {
    const ref = { apiVersion: "v1", kind: "Secret", name };
    return { ...ref, ...(outcomeHealth(apply.find((outcome) => isSame(outcome.ref, ref))) ?? secretHealth(fact)) };
  });
};

const secretHealth = ({ exists, lacks = [] }: SecretFact): Health => {
  if (!exists) return inProgress("It does not exist yet.");
  if (lacks.length === 0) return current;
  return failed(
    `It lacks a value for ${lacks.join(", ")}. Put that back, or delete the Secret: the operator makes one with new values, and pods that read it at their start are made anew.`,
  );
};

/** Every child with its health, in the order of writing. Where nothing can be desired, what exists is shown. */
export const children = (input: StatusInput, troubles: Troubles): readonly ChildStatus[] => {
  const { desired, observed, apply } = input;
  const listed = desired.length > 0 ? desired : observed.objects;
  const objects = listed.map((object) => {
    const ref = refOf(object);
    const live = observed.objects.find((each) => isSame(refOf(each), ref));
    return {
      ...ref,
      ...(outcomeHealth(apply.find((each) => isSame(each.ref, ref))) ?? liveHealth(object, live, troubles)),
    };
  });
  return [...secretChildren(input), ...objects];
};
