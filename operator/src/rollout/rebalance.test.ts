import { expect, test } from "vitest";
import type { PodLoad } from "../fleet/pod-load.ts";
import { type BalanceInput, type BalanceMemory, balance } from "./rebalance.ts";
import { podWith } from "./testing/pods.ts";

const uneven = [1_000, 1_000, 1_000, 0].map((streams, index) => podWith(`p${index}`, { streams }));
const input = (more: Partial<BalanceInput> = {}): BalanceInput => ({
  pods: uneven,
  rebalance: undefined,
  perInstance: 300,
  unsettled: false,
  now: 100_000,
  memory: undefined,
  ...more,
});

/** After they were uneven for the whole time. */
const due = (more: Partial<BalanceInput> = {}) => {
  const first = balance(input(more));
  return balance(input({ ...more, now: 160_000, memory: first.memory }));
};

test("full pods give away what is above the mean, at their shares of the pace", () => {
  expect(due().sheds).toEqual(["p0", "p1", "p2"].map((pod) => ({ pod, streams: 250, keep: 750, ratePerSec: 100 })));
});

test("only after the stated time, and it says when", () => {
  const first = balance(input());
  expect(first).toMatchObject({ sheds: [], lookAfterSec: 60 });
  const second = balance(input({ now: 159_000, memory: first.memory }));
  expect(second).toMatchObject({ sheds: [], lookAfterSec: 1 });
  const rebalance = { afterSeconds: 10 };
  expect(balance(input({ rebalance, now: 110_000, memory: first.memory })).sheds).toHaveLength(3);
});

test.each<[string, Partial<BalanceInput>]>([
  ["it is switched off", { rebalance: { enabled: false } }],
  ["pods come, go or are replaced", { unsettled: true }],
  ["there is one pod", { pods: [podWith("a", { streams: 900 })] }],
  ["a pod does not answer", { pods: [...uneven, podWith("silent")] }],
  ["a pod is not ready", { pods: [...uneven, podWith("x", { streams: 0 }, { ready: false })] }],
  ["one gives streams away already", { pods: [...uneven, podWith("x", { streams: 0, shedding: 1 })] }],
  [
    "they differ by less than the share",
    { pods: [1_200, 1_000, 800].map((streams, n) => podWith(`p${n}`, { streams })) },
  ],
  ["they differ by a few streams only", { pods: [19, 0].map((streams, n) => podWith(`p${n}`, { streams })) }],
  ["the share is larger", { rebalance: { differencePercent: 40 } }],
])("nothing is given away while %s", (_, more) => {
  expect(due(more).sheds).toEqual([]);
});

test("an interruption begins the time anew", () => {
  const first = balance(input());
  const interrupted = balance(input({ now: 130_000, unsettled: true, memory: first.memory }));
  expect(balance(input({ now: 165_000, memory: interrupted.memory })).sheds).toEqual([]);
});

test("a few rounds for one set of pods, then no more until it changes", () => {
  let memory: BalanceMemory | undefined;
  let rounds = 0;
  for (let now = 0; now < 3_600_000; now += 60_000) {
    const next = balance(input({ now, memory }));
    memory = next.memory;
    if (next.sheds.length > 0) rounds += 1;
  }
  expect(rounds).toBe(3);
  const more: readonly PodLoad[] = [...uneven, podWith("new", { streams: 0 })];
  const first = balance(input({ pods: more, memory }));
  expect(balance(input({ pods: more, now: 160_000, memory: first.memory })).sheds).toHaveLength(3);
});
