import type { ProxyConfig } from "@revenprox/contract/config/proxy-config";
import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import { effectiveConfig, InvalidConfigError } from "../desired/effective-config.ts";
import type { PodLoad } from "../fleet/pod-load.ts";
import { paceOf } from "../rollout/pace.ts";
import { decide, type ScalingReason } from "./decide.ts";
import type { History } from "./history.ts";
import { type Limits, limitsOf, modeOf, type ScalingMode, type Target, targetOf } from "./plan.ts";
import { type Load, loadOf } from "./wish.ts";

/** What a scaler reads and writes. */
export interface ScalingOutside {
  /** `spec.replicas` of the Deployment as last seen; undefined while there is none. */
  liveReplicas(revenprox: RevenProx): number | undefined;
  /** The proxy pods with figures of now; never throws. */
  loads(revenprox: RevenProx): Promise<readonly PodLoad[]>;
  /** Writes `spec.replicas` through the scale subresource; throws when it cannot, or when the resource has changed. */
  setScale(revenprox: RevenProx, replicas: number): Promise<void>;
}

/** What is decided by `spec.autoscaling`, for the status. */
export interface Scaling {
  readonly mode: ScalingMode;
  readonly desired: number;
  /** Of the mode Connections. */
  readonly byStreams?: {
    readonly load: Load;
    readonly target: Target;
    /** Of the last change, as far as this operator made one. */
    readonly reason: ScalingReason;
    /** More than maxReplicas were asked for lately. */
    readonly limited: boolean;
    /** Milliseconds for which a ready pod has not answered. */
    readonly silentMs: number;
  };
}

export type Scaled =
  | {
      readonly kind: "known";
      readonly replicas: number;
      readonly scaling: Scaling | undefined;
      /** When to decide anew; undefined: when something changes. */
      readonly againSeconds: number | undefined;
    }
  /** `spec.replicas` was written, and its change comes back as another pass. */
  | { readonly kind: "handed-over" };

export interface ScalerDependencies {
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  readonly onDecided: (reason: ScalingReason) => void;
}

export interface Scaler {
  scale(revenprox: RevenProx, outside: ScalingOutside): Promise<Scaled>;
  /** Of the resource `namespace/name`. */
  forget(key: string): void;
  /** Another operator may have decided meanwhile: what was decided here counts no more. */
  forgetAll(): void;
}

/** As often as a HorizontalPodAutoscaler looks, or as steps are to be taken. */
const lookSeconds = ({ up, down }: Limits): number =>
  Math.max(5, Math.min(15, up.periodMs / 1_000, down.periodMs / 1_000));

interface Memory {
  readonly uid: string;
  readonly replicas: number;
  readonly history: History;
  readonly silentSince: number | undefined;
  /** Of the last change: a report may come only after another look. */
  readonly changedBy: ScalingReason | undefined;
}

const clamp = (value: number, { min, max }: { readonly min: number; readonly max: number }): number =>
  Math.min(max, Math.max(min, value));

/** Decides how many proxies run; remembers the load of each resource for as long as its windows reach. */
export const createScaler = (dependencies: ScalerDependencies): Scaler => {
  const memories = new Map<string, Memory>();
  return {
    forget: (key) => void memories.delete(key),
    forgetAll: () => memories.clear(),
    scale: async (revenprox, outside) => {
      const { metadata, spec } = revenprox;
      const key = `${metadata.namespace}/${metadata.name}`;
      if (spec.autoscaling === undefined || modeOf(spec) !== "Connections" || spec.replicas === 0) {
        memories.delete(key);
        return byOthers(revenprox, modeOf(spec), outside);
      }
      const last = memories.get(key);
      const subject: Subject = {
        revenprox,
        autoscaling: spec.autoscaling,
        live: outside.liveReplicas(revenprox),
        last: last?.uid === metadata.uid ? last : undefined,
      };
      const http = httpOf(revenprox);
      if (http === undefined) return known(lastDecided(subject));
      const { memory, scaled } = byStreams(dependencies, subject, { http, pods: await outside.loads(revenprox) });
      memories.set(key, memory);
      return scaled;
    },
  };
};

/** A resource whose proxies follow their streams. */
interface Subject {
  readonly revenprox: RevenProx;
  readonly autoscaling: NonNullable<RevenProx["spec"]["autoscaling"]>;
  readonly live: number | undefined;
  readonly last: Memory | undefined;
}

const known = (replicas: number, scaling?: Scaling, againSeconds?: number): Scaled => ({
  kind: "known",
  replicas,
  scaling,
  againSeconds,
});

/** Undefined where `config` breaks the contract, which `desired` tells. */
const httpOf = ({ spec }: RevenProx): ProxyConfig["http"] | undefined => {
  try {
    return effectiveConfig(spec.config).effective.http;
  } catch (error) {
    if (error instanceof InvalidConfigError) return undefined;
    throw error;
  }
};

/**
 * `spec.replicas` counts. When HPA or KEDA begin they find there what runs: else who takes `replicas` out of a manifest
 * on that occasion would have the API server fill in its default.
 */
const byOthers = async (
  revenprox: RevenProx,
  mode: ScalingMode | undefined,
  outside: ScalingOutside,
): Promise<Scaled> => {
  const { spec, status } = revenprox;
  const { replicas, autoscaling } = spec;
  const live = outside.liveReplicas(revenprox) ?? 0;
  const begins = mode !== undefined && status?.autoscaling?.mode !== mode && replicas > 0 && live > 0;
  if (begins && autoscaling !== undefined) {
    const kept = clamp(live, limitsOf(autoscaling, 0));
    if (kept !== replicas) {
      await outside.setScale(revenprox, kept);
      return { kind: "handed-over" };
    }
  }
  return known(replicas, mode === undefined ? undefined : { mode, desired: replicas });
};

/** By this operator or the one before it: then the larger of what is told and what runs. */
const lastDecided = ({ revenprox: { spec, status }, live, last }: Subject): number => {
  if (last !== undefined) return last.replicas;
  const seed = Math.max(status?.autoscaling?.desired ?? 0, live ?? 0);
  return seed === 0 ? spec.replicas : seed;
};

const byStreams = (
  { now, onDecided }: ScalerDependencies,
  subject: Subject,
  { http, pods }: { readonly http: ProxyConfig["http"]; readonly pods: readonly PodLoad[] },
): { readonly memory: Memory; readonly scaled: Scaled } => {
  const { autoscaling, last, live = 0, revenprox } = subject;
  const limits = limitsOf(autoscaling, paceOf(revenprox.spec, http).windowSec);
  // The first size of all is no change.
  const current = live === 0 ? clamp(lastDecided(subject), limits) : lastDecided(subject);
  const load = loadOf(pods);
  const target = targetOf(autoscaling, acceptedBy(pods) ?? http.maxConnections);
  const at = now();
  const decision = decide({ now: at, current, load, limits, target, history: last?.history });
  const { replicas, reason, limited, history } = decision;
  onDecided(reason);
  const silentSince = load.unknown === 0 ? undefined : (last?.silentSince ?? at);
  const silentMs = silentSince === undefined ? 0 : at - silentSince;
  const changedBy = replicas === current ? last?.changedBy : reason;
  const figures = { load, target, reason: changedBy ?? reason, limited, silentMs };
  return {
    memory: { uid: revenprox.metadata.uid, replicas, history, silentSince, changedBy },
    scaled: known(replicas, { mode: "Connections", desired: replicas, byStreams: figures }, lookSeconds(limits)),
  };
};

/** Streams that the pod takes which takes the fewest. */
const acceptedBy = (pods: readonly PodLoad[]): number | undefined => {
  const limits = pods.flatMap(({ ready, figures }) => (ready && figures !== undefined ? [figures.limit] : []));
  return limits.length === 0 ? undefined : Math.min(...limits);
};
