import { expect, test } from "vitest";
import { MergedMetrics } from "./merged-metrics.ts";
import { createMetrics, type Metrics } from "./scrape.ts";

const metrics = (): Metrics => createMetrics({ openDescriptors: () => Promise.resolve(10), memory: () => 1 });

const samplesOf = (text: string): ReadonlyMap<string, number> =>
  new Map(
    text
      .split("\n")
      .filter((line) => line.startsWith("revenprox_"))
      .map((line) => [
        line.slice("revenprox_".length, line.lastIndexOf(" ")),
        Number(line.slice(line.lastIndexOf(" ") + 1)),
      ]),
  );

const setUp = async () => {
  const [own, one, two] = [metrics(), metrics(), metrics()];
  own.instruments.connections_limit.set(100);
  own.instruments.build_info.set({ version: "1" }, 1);
  for (const { instruments } of [one, two]) {
    instruments.build_info.set({ version: "1" }, 1);
    instruments.connections_active.set(5);
    instruments.connections_total.inc(7);
    instruments.connections_limit.set(60);
    instruments.peers_connected.set(2);
    instruments.refusals_total.inc({ reason: "auth" });
    instruments.message_latency_ms.observe(3);
  }
  two.instruments.peers_connected.set(1);
  two.instruments.clock_offset_seconds.set(-2);
  const merged = new MergedMetrics();
  const scrape = async (loops: ReadonlyMap<number, Metrics>) => {
    const told = await Promise.all([...loops].map(async ([loop, each]) => [loop, await each.values()] as const));
    return samplesOf((await merged.scrape(await own.values(), new Map(told))).text);
  };
  return { own, one, two, merged, scrape };
};

test("counters and histograms are added up, gauges as the catalogue says", async () => {
  const { one, two, scrape } = await setUp();
  const samples = await scrape(
    new Map([
      [1, one],
      [2, two],
    ]),
  );
  const of = (name: string) => samples.get(name);
  expect([of("connections_active"), of("connections_total"), of("connections_limit")]).toEqual([10, 14, 100]);
  expect([of('build_info{version="1"}'), of("goroutines"), of("fd_used")]).toEqual([1, 3, 30]);
  expect([of("peers_connected"), of("clock_offset_seconds")]).toEqual([1, -1]);
  expect([of('refusals_total{reason="auth"}'), of('refusals_total{reason="conflict"}')]).toEqual([2, 0]);
  expect([of('message_latency_ms_bucket{le="5"}'), of("message_latency_ms_count")]).toEqual([2, 2]);
});

test("the series are those of one proxy", async () => {
  const { own, one, two, scrape } = await setUp();
  const alone = samplesOf((await own.scrape()).text);
  const together = await scrape(
    new Map([
      [1, one],
      [2, two],
    ]),
  );
  expect([...together.keys()].toSorted()).toEqual([...alone.keys()].toSorted());
  expect([...(await scrape(new Map())).keys()].toSorted()).toEqual([...alone.keys()].toSorted());
});

test("no counter falls when a loop ends, is silent or begins anew", async () => {
  const { one, two, merged, scrape } = await setUp();
  await scrape(
    new Map([
      [1, one],
      [2, two],
    ]),
  );
  merged.ended(2);
  const without = await scrape(new Map([[1, one]]));
  expect([without.get("connections_total"), without.get("connections_active")]).toEqual([14, 5]);
  const fresh = metrics();
  fresh.instruments.connections_total.inc();
  expect(
    (
      await scrape(
        new Map([
          [1, one],
          [2, fresh],
        ]),
      )
    ).get("connections_total"),
  ).toBe(15);
  merged.ended(2);
  merged.ended(1);
  expect((await scrape(new Map())).get("connections_total")).toBe(15);
  expect((await scrape(new Map([[2, metrics()]]))).get("connections_total")).toBe(15);
  expect((await scrape(new Map())).get('message_latency_ms_bucket{le="5"}')).toBe(2);
});
