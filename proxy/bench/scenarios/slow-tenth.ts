import { revenprox } from "../subjects/revenprox.ts";
import type { Subject } from "../subjects/subject.ts";
import { withCappedBuffers } from "../tool/namespace.ts";
import type { Scenario } from "./scenario.ts";
import { searchStep, stepDetails } from "./stepped.ts";
import { withCrew } from "./with-crew.ts";

const healthy = 9_000;
const slow = 1_000;
const load = { streams: healthy, topics: 1, p99Ms: 1_000, holdMs: 1_500, lanes: 20 };
const startRate = 500;

const withoutSlow: Subject = {
  ...revenprox,
  name: "revenprox (no slow ones)",
  about: "the same with its 9,000 healthy subscribers alone, in the same namespace",
};

/** A tenth of the subscribers reads 1 KB/s: do the others notice? */
export const slowTenth: Scenario = {
  name: "g",
  title: "b2 with 9,000 subscribers that read and 1,000 that read 1 KB/s, send buffers of at most 256 KiB",
  unit: "deliveries/s to the 9,000",
  better: "higher",
  subjects: [withoutSlow, revenprox],
  reference: withoutSlow.name,
  mostRuns: 2,
  measure: (bench, subject, earlier) =>
    withCappedBuffers((namespace) =>
      withCrew(
        bench,
        subject,
        async (crew, running) => {
          const some = subject === withoutSlow ? {} : { slowEvery: (healthy + slow) / slow, slowBytes: 1_000 };
          const count = subject === withoutSlow ? healthy : healthy + slow;
          await crew.open(running, { count, topics: 1, size: 200, concurrency: 256, ...some });
          const best = await searchStep(bench, crew, running, { ...load, start: earlier?.rate ?? startRate });
          if (best === undefined) return { value: undefined, details: {} };
          const details = { ...stepDetails(best), "RSS MiB": best.serverRss / 2 ** 20 };
          return { value: best.deliveriesPerSec, details, rate: best.rate };
        },
        { namespace },
      ),
    ),
};
