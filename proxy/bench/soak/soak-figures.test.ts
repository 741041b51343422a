import { describe, expect, test } from "vitest";
import { type SoakRun, type SoakWindow, slopeOf, soakFigures } from "./soak-figures.ts";

const mebibyte = 2 ** 20;

/** An hour in windows of a minute; the first tenth fills caches. */
const hour = (change: (minute: number) => Partial<SoakWindow> = () => ({}), of: Partial<SoakRun> = {}): SoakRun => ({
  windows: Array.from({ length: 60 }, (_, minute) => ({
    atSec: minute * 60,
    rssBytes: (minute < 6 ? 100 + minute * 5 : 130 + (minute % 3)) * mebibyte,
    files: 12_040,
    deliveriesPerSec: 20_000,
    p50Ms: 5,
    p99Ms: 20 + (minute % 4),
    openP99Ms: 10,
    cpu: 0.4,
    ...change(minute),
  })),
  filesBefore: 40,
  filesAfter: 42,
  streams: 12_000,
  faults: [],
  ...of,
});

test("the slope of a line through points", () => {
  expect(slopeOf([])).toBe(0);
  expect(
    slopeOf([
      [0, 1],
      [2, 5],
      [4, 9],
    ]),
  ).toBe(2);
});

describe("a soak", () => {
  test("passes where memory, latency and files stay", () => {
    const figures = soakFigures(hour());
    expect(figures.faults).toEqual([]);
    expect(Math.abs(figures.slopeMiBPerHour)).toBeLessThan(1);
    expect(figures.extraFiles).toBe(0);
  });

  test.each<[string, RegExp, SoakRun]>([
    [
      "memory that rises",
      /memory rose by 2[34]\.\d MiB/,
      hour((minute) => ({ rssBytes: (130 + minute / 2) * mebibyte })),
    ],
    [
      "memory that rises by ten MiB an hour",
      /memory rose by 8\.0 MiB, more than 6\.4/,
      hour((minute) => ({ rssBytes: (130 + minute / 6 + (minute % 3)) * mebibyte })),
    ],
    ["deliveries that are late from the beginning", /p99 of deliveries was 1\d\d\.\d ms/, hour(() => ({ p99Ms: 120 }))],
    ["deliveries that get a little slower", /deliveries drifted/, hour((minute) => ({ p99Ms: 20 + minute * 0.7 }))],
    ["deliveries that get slower", /p99 of deliveries drifted/, hour((minute) => ({ p99Ms: 20 + minute * 1.2 }))],
    ["connects that get slower", /p99 of connects drifted/, hour((minute) => ({ openP99Ms: 10 + minute * 4 }))],
    [
      "files that are not closed while it runs",
      /560 open files/,
      hour((minute) => ({ files: 12_050 + minute * 10 - 40 })),
    ],
    ["files that are left", /60 files were left/, hour(undefined, { filesAfter: 100 })],
    ["events that are lost", /3 events/, hour(undefined, { faults: ["3 events were lost"] })],
  ])("fails on %s", (_name, fault, run) => {
    expect(soakFigures(run).faults).toEqual([expect.stringMatching(fault)]);
  });
});
