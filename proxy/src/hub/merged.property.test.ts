import fc from "fast-check";
import { expect, test } from "vitest";
import type { FrameEncoding } from "./frame-encoding.ts";
import { giveUpAfterMs } from "./merged-channel.ts";
import { MergedDeliveryCheck } from "./testing/merged-delivery-check.ts";
import { Scene } from "./testing/scene.ts";
import type { Kind } from "./testing/scene-client.ts";
import { schedules, scheduleTimeout, steps, topics } from "./testing/scene-steps.ts";

const kind = (names: string, encoding: FrameEncoding): Kind<MergedDeliveryCheck> => {
  const of = topics.filter(({ topic }) => names.includes(topic));
  return { topics: of, encoding, judge: (worldOf) => new MergedDeliveryCheck(of, encoding, worldOf) };
};

const kinds = [kind("abc", "plain"), kind("ab", "envelope"), kind("bc", "plain"), kind("c", "envelope")];

test("whatever happens, a stream of several topics gets everything once and in journal order, or is told what it did not get", {
  timeout: scheduleTimeout(),
}, async () => {
  const seen = { received: 0, gaps: 0, late: 0, forgiven: 0, unreadable: 0, foundLate: 0 };
  await fc.assert(
    fc.asyncProperty(steps, fc.constantFrom(0, 0, 5, 100), async (all, batchWindowMs) => {
      const scene = new Scene(kinds, batchWindowMs);
      await scene.run(all);
      await scene.heal();
      for (const { check, sink } of scene.clients) {
        expect(check.isLevelWith(scene.world)).toBe(true);
        expect(check.lastEventId).toMatch(`${scene.journal.epoch}-`);
        expect(sink.overruns).toBe(0);
        if (scene.failedMs < giveUpAfterMs) expect(check.unreadable).toBe(0);
        seen.unreadable += check.unreadable;
        seen.received += check.received;
        seen.gaps += check.gaps;
        seen.late += check.late;
        seen.forgiven += check.forgiven;
      }
      seen.foundLate += scene.metrics.late;
      scene.hub.stop();
      expect(scene.clock.pendingTimers).toBe(0);
    }),
    schedules(),
  );
  expect(seen.received).toBeGreaterThan(1_000);
  expect(seen.gaps).toBeGreaterThan(20);
  expect(seen.unreadable).toBeGreaterThan(5);
  expect(seen.late).toBeGreaterThan(20);
  expect(seen.foundLate).toBeGreaterThan(20);
});
