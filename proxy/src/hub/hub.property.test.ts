import fc from "fast-check";
import { expect, test } from "vitest";
import { DeliveryCheck } from "./testing/delivery-check.ts";
import { Scene } from "./testing/scene.ts";
import type { Kind } from "./testing/scene-client.ts";
import { schedules, scheduleTimeout, steps, topics } from "./testing/scene-steps.ts";

const kinds = topics.slice(0, 2).map(
  (of): Kind<DeliveryCheck> => ({
    topics: [of],
    encoding: "plain",
    judge: (worldOf) => new DeliveryCheck(of.topicId, worldOf),
  }),
);

test("whatever happens, a stream gets everything once and in order, or is told what it did not get", {
  timeout: scheduleTimeout(),
}, async () => {
  let received = 0;
  let gaps = 0;
  await fc.assert(
    fc.asyncProperty(steps, fc.constantFrom(0, 5, 100), async (all, batchWindowMs) => {
      const scene = new Scene(kinds, batchWindowMs);
      await scene.run(all);
      await scene.heal();
      for (const { check, sink } of scene.clients) {
        expect(check.isLevelWith(scene.world)).toBe(true);
        expect(check.lastEventId).toMatch(`${scene.journal.epoch}-`);
        expect(sink.overruns).toBe(0);
        received += check.received;
        gaps += check.gaps;
      }
      scene.hub.stop();
      expect(scene.clock.pendingTimers).toBe(0);
    }),
    schedules(),
  );
  expect(received).toBeGreaterThan(1_000);
  expect(gaps).toBeGreaterThan(20);
});
