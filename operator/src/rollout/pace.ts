import type { ProxyConfig } from "@revenprox/contract/config/proxy-config";
import type { RevenProxSpec } from "@revenprox/contract/resource/spec";

/** How fast streams may move, with every choice made. */
export interface MovePace {
  /** Pods that may drain at once. */
  readonly podsAtOnce: number;
  /** Streams a second that one pod ends. */
  readonly perPod: number;
  /** Streams a second over all pods. */
  readonly perInstance: number;
  /** Seconds from a pod's SIGTERM to its kill. */
  readonly windowSec: number;
}

type Http = ProxyConfig["http"];

/** `spec.rollout` over the proxies' own keys. `http` is the effective config. */
export const paceOf = ({ rollout = {} }: Pick<RevenProxSpec, "rollout">, http: Http): MovePace => {
  const { maxSurge: podsAtOnce = 1, streamsPerSecond, drainWindowSeconds } = rollout;
  const perPod =
    streamsPerSecond === undefined ? http.drainRatePerSec : Math.max(1, Math.floor(streamsPerSecond / podsAtOnce));
  return {
    podsAtOnce,
    perPod,
    perInstance: streamsPerSecond ?? perPod * podsAtOnce,
    windowSec: drainWindowSeconds ?? http.shutdownGracePeriodSec,
  };
};
