import { expect, test } from "vitest";
import { leadsStill } from "./leader-lease.ts";

/** Seconds since the leader heard of each of the others. */
const infoOf = (...seconds: readonly number[]) => ({
  cluster: {
    leader: "n1",
    replicas: seconds.map((active, index) => ({
      ...{ name: `n${index + 2}`, current: true, offline: false },
      active: active * 1_000_000_000,
      lag: 0,
    })),
  },
});

test.each([
  ["a single server", {}, true],
  ["one of three that hears of both", infoOf(0.5, 0.9), true],
  ["one of three that hears of one", infoOf(60, 0.9), true],
  ["one of three that was just cut off", infoOf(2.9, 2.9), true],
  ["one of three that others may have replaced", infoOf(3.1, 3.1), false],
  ["one of three that never heard of the others", infoOf(1e9, 1e9), false],
  ["one of five that hears of two", infoOf(1, 1, 9, 9), true],
  ["one of five that hears of one", infoOf(1, 9, 9, 9), false],
])("%s", (_, info, leads) => {
  expect(leadsStill(info)).toBe(leads);
});
