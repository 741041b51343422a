import type { RevenProxSpec } from "@revenprox/contract/resource/spec";
import type { ShedWish } from "../fleet/fleet.ts";
import { type PodLoad, streamsOf } from "../fleet/pod-load.ts";

/** What is remembered of a set of pods between two looks. */
export interface BalanceMemory {
  /** Uids of the pods, in order: another set begins anew. */
  readonly pods: string;
  /** Milliseconds at which they were found uneven; undefined while they are even. */
  readonly unevenSince: number | undefined;
  /** How often streams were given away among these pods. */
  readonly rounds: number;
}

export interface BalanceInput {
  readonly pods: readonly PodLoad[];
  readonly rebalance: NonNullable<RevenProxSpec["rollout"]>["rebalance"];
  /** Streams a second that may move over all pods. */
  readonly perInstance: number;
  /** Whether pods come, go or are replaced, or streams are being shed. */
  readonly unsettled: boolean;
  /** Milliseconds; only differences count. */
  readonly now: number;
  readonly memory: BalanceMemory | undefined;
}

export interface Balance {
  readonly memory: BalanceMemory;
  /** Empty: nothing is to be done now. */
  readonly sheds: readonly ShedWish[];
  /** Seconds until the next look is worth while; undefined: the usual ones do. */
  readonly lookAfterSec: number | undefined;
}

/**
 * Where connections are spread evenly, a part of those that come back lands on the full pods again, so one round closes
 * only the part of the difference that the new pods are of all. More rounds than these are not worth their reconnects.
 */
const mostRounds = 3;
/** Streams above the mean below which no pod is worth the trouble. */
const leastStreams = 20;
const defaultDifferencePercent = 25;
const defaultAfterSec = 60;

const podsKey = (pods: readonly PodLoad[]): string =>
  pods
    .map(({ uid }) => uid)
    .toSorted()
    .join();

const allKnown = (pods: readonly PodLoad[]): boolean =>
  pods.every(({ ready, figures }) => ready && figures !== undefined && !figures.draining && figures.shedding === 0);

/** What each pod above the mean gives away, at its share of the pace; none gets below the mean. */
const shedsOf = (pods: readonly PodLoad[], mean: number, perInstance: number): readonly ShedWish[] => {
  const keep = Math.ceil(mean);
  const above = pods.flatMap(({ pod, figures }) => {
    const streams = (figures?.streams ?? 0) - keep;
    return streams > 0 ? [{ pod, streams }] : [];
  });
  const all = above.reduce((sum, { streams }) => sum + streams, 0);
  return above.map(({ pod, streams }) => ({
    pod,
    streams,
    keep,
    ratePerSec: Math.max(1, Math.floor((perInstance * streams) / all)),
  }));
};

/** Whether full pods are to give streams away now: when they were uneven for the whole time, a few times for each set of pods. */
export const balance = (input: BalanceInput): Balance => {
  const { pods, rebalance = {}, now } = input;
  const { enabled = true, differencePercent = defaultDifferencePercent, afterSeconds = defaultAfterSec } = rebalance;
  const key = podsKey(pods);
  const before = input.memory?.pods === key ? input.memory : { pods: key, unevenSince: undefined, rounds: 0 };
  const even: Balance = { memory: { ...before, unevenSince: undefined }, sheds: [], lookAfterSec: undefined };
  if (!enabled || input.unsettled || pods.length < 2 || !allKnown(pods) || before.rounds >= mostRounds) return even;
  const mean = streamsOf(pods) / pods.length;
  const fullest = Math.max(...pods.map(({ figures }) => figures?.streams ?? 0));
  if (fullest - mean < leastStreams || fullest <= mean * (1 + differencePercent / 100)) return even;
  const unevenSince = before.unevenSince ?? now;
  const waitSec = afterSeconds - (now - unevenSince) / 1_000;
  if (waitSec > 0) return { memory: { ...before, unevenSince }, sheds: [], lookAfterSec: Math.ceil(waitSec) };
  return {
    memory: { ...before, unevenSince: undefined, rounds: before.rounds + 1 },
    sheds: shedsOf(pods, mean, input.perInstance),
    lookAfterSec: 2,
  };
};
