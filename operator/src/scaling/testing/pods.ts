import type { PodFigures, PodLoad } from "../../fleet/pod-load.ts";

const figures: PodFigures = {
  streams: 0,
  limit: 10_000,
  topics: 0,
  draining: false,
  degraded: [],
  natsConnected: true,
  breaker: "none",
  moved: 0,
  shedding: 0,
};

const pod: PodLoad = {
  pod: "web-1",
  uid: "1",
  owner: "rs",
  ready: true,
  goneBy: undefined,
  figures,
};

/** Ready proxies with so many streams each. */
export const holding = (...streams: readonly number[]): readonly PodLoad[] =>
  streams.map((each, index) => ({
    ...pod,
    pod: `web-${index}`,
    uid: `${index}`,
    figures: { ...figures, streams: each },
  }));

/** Ready proxies that do not answer. */
export const silent = (count: number): readonly PodLoad[] =>
  Array.from({ length: count }, (_, index) => ({ ...pod, pod: `silent-${index}`, figures: undefined }));

/** Proxies that start. */
export const starting = (count: number): readonly PodLoad[] => silent(count).map((each) => ({ ...each, ready: false }));

/** A proxy that drains with so many streams left. */
export const leaving = (streams: number): readonly PodLoad[] =>
  holding(streams).map((each) => ({ ...each, pod: "leaving", ready: false, goneBy: 1 }));
