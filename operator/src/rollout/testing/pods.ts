import type { PodFigures, PodLoad } from "../../fleet/pod-load.ts";

export const figures: PodFigures = {
  streams: 0,
  limit: 1_000,
  topics: 0,
  draining: false,
  degraded: [],
  natsConnected: true,
  breaker: "none",
  moved: 0,
  shedding: 0,
};

/** A ready pod; without `told` it does not answer. */
export const podWith = (name: string, told?: Partial<PodFigures>, more: Partial<PodLoad> = {}): PodLoad => ({
  pod: name,
  uid: `uid-${name}`,
  owner: "rs",
  ready: true,
  goneBy: undefined,
  figures: told === undefined ? undefined : { ...figures, ...told },
  ...more,
});
