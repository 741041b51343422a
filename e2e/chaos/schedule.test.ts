import { expect, test } from "vitest";
import { seededRandom } from "./random.ts";
import { type Fault, faultSchedule } from "./schedule.ts";

const size = { seconds: 300, proxies: 5, natsNodes: 3 };
const of = (seed: number, seconds = size.seconds): readonly Fault[] =>
  faultSchedule(seededRandom(seed), { ...size, seconds });
const seeds = Array.from({ length: 200 }, (_, index) => index + 1);

const overlap = (one: Fault, other: Fault): boolean =>
  one.atMs < other.atMs + other.forMs && other.atMs < one.atMs + one.forMs;
const pairs = (faults: readonly Fault[]) =>
  faults.flatMap((one, at) => faults.slice(at + 1).map((other) => [one, other] as const));

test("a seed replays its faults, another gives others", () => {
  expect(of(7)).toEqual(of(7));
  expect(of(7)).not.toEqual(of(8));
});

test("every kind of fault comes in a full run, and the proxies are rolled once", () => {
  for (const seed of seeds) {
    const kinds = of(seed).map(({ kind }) => kind);
    expect(new Set(kinds).size).toBe(11);
    expect(kinds.filter((kind) => kind === "proxies-roll")).toHaveLength(1);
  }
});

test("never two NATS servers at once, never two faults of one proxy at once, and all over before the end", () => {
  for (const seed of seeds) {
    const faults = of(seed, 60);
    const nats = faults.filter(({ kind }) => kind.startsWith("nats-"));
    expect(pairs(nats).filter((pair) => overlap(...pair))).toEqual([]);
    const proxies = faults.filter(({ kind }) => kind.startsWith("proxy-"));
    expect(pairs(proxies).filter(([one, other]) => one.target === other.target && overlap(one, other))).toEqual([]);
    expect(faults.filter(({ atMs, forMs }) => atMs + forMs > 54_000)).toEqual([]);
  }
});
