import type { PlanStatus } from "@revenprox/contract/resource/status-plan";
import type { KubernetesObject } from "../reconcile/ports.ts";
import { fieldDiff } from "./field-diff.ts";
import type { RecordedWrite } from "./recorded-write.ts";

/** What becomes of pods and streams. */
export type PodEffects = Pick<PlanStatus, "restarts" | "removes" | "streams">;

interface WorkloadEffect {
  readonly exist: number;
  readonly restart: number;
  readonly removed: number;
}

const none: WorkloadEffect = { exist: 0, restart: 0, removed: 0 };

const specOf = (object: KubernetesObject) =>
  (object["spec"] ?? {}) as { readonly replicas?: number; readonly template?: unknown };

/** A changed pod template replaces all pods that stay. */
const effectOf = (writes: readonly RecordedWrite[], kind: string): WorkloadEffect => {
  const write = writes.find(({ ref, action }) => ref.kind === kind && action === "Change");
  if (write?.before === undefined || write.after === undefined) return none;
  const [before, after] = [specOf(write.before), specOf(write.after)];
  const [had, has] = [before.replicas ?? 1, after.replicas ?? 1];
  const rolls = fieldDiff(before.template, after.template).length > 0;
  return { exist: had, restart: rolls ? Math.min(had, has) : 0, removed: Math.max(0, had - has) };
};

/** The pods with the fewest streams go first, so that those removed have at most their share. */
const streamsMoved = ({ exist, restart, removed }: WorkloadEffect, open: number): number =>
  restart > 0 || exist === 0 ? (restart > 0 ? open : 0) : Math.floor((open * removed) / exist);

/** `open`: streams on all proxies; undefined when it is not known. */
export const podEffects = (writes: readonly RecordedWrite[], open: number | undefined): PodEffects => {
  const proxies = effectOf(writes, "Deployment");
  const nats = effectOf(writes, "StatefulSet");
  return {
    restarts: { proxies: proxies.restart, natsServers: nats.restart },
    removes: { proxies: proxies.removed, natsServers: nats.removed },
    ...(open === undefined ? {} : { streams: streamsMoved(proxies, open) }),
  };
};
