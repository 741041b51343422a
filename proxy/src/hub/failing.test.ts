import { expect, test } from "vitest";
import { Failing } from "./failing.ts";
import { ManualClock } from "./testing/manual-clock.ts";

test("the time between failures counts, not that since the last one, and a success ends it", async () => {
  const clock = new ManualClock();
  const failing = new Failing(clock);
  const seen: number[] = [];
  for (const happens of ["failed", "failed", "failed", "over", "failed", "failed"] as const) {
    failing[happens]();
    seen.push(failing.forMs);
    await clock.advance(1_000);
  }
  expect(seen).toEqual([0, 1_000, 2_000, 0, 0, 1_000]);
  await clock.advance(60_000);
  expect(failing.forMs).toBe(1_000);
});
