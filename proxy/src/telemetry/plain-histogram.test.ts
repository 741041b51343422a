import { Histogram, Registry } from "prom-client";
import { expect, test } from "vitest";
import { PlainHistogram } from "./plain-histogram.ts";

test("is scraped as prom-client's own histogram of the same values is", async () => {
  const of = { name: "took", help: "Seconds.", buckets: [0.5, 1, 2.5], aggregator: "sum" as const };
  const registries = [new Registry(), new Registry()] as const;
  const theirs = new Histogram({ ...of, registers: [registries[0]] });
  const ours = new PlainHistogram(of);
  registries[1].registerMetric(ours as unknown as Histogram);
  for (const value of [0, 0.5, 0.51, 1, 2.5, 2.6, 1_000]) for (const each of [theirs, ours]) each.observe(value);
  const [expected, got] = await Promise.all(registries.map((registry) => registry.metrics()));
  expect(got).toBe(expected);
  expect(got).toContain('took_bucket{le="+Inf"} 7');
});
