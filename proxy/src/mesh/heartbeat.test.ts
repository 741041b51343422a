import { describe, expect, it } from "vitest";
import { ManualClock } from "../hub/testing/manual-clock.ts";
import { Heartbeat } from "./heartbeat.ts";

const create = () => {
  const clock = new ManualClock();
  const seen = { beats: 0, silences: 0 };
  const heartbeat = new Heartbeat({
    clock,
    random: () => 0.5,
    intervalMs: 1_000,
    beat: () => {
      seen.beats += 1;
    },
    onSilence: () => {
      seen.silences += 1;
    },
  });
  return { clock, seen, heartbeat };
};

describe("Heartbeat", () => {
  it("beats after one interval and a bit", async () => {
    const { clock, seen, heartbeat } = create();
    heartbeat.start();
    await clock.advance(1_099);
    expect(seen.beats).toBe(0);
    await clock.advance(1);
    expect(seen.beats).toBe(1);
  });

  it("leaves it to another proxy that beat in time", async () => {
    const { clock, seen, heartbeat } = create();
    heartbeat.start();
    for (let round = 0; round < 10; round += 1) {
      await clock.advance(1_000);
      heartbeat.heard();
    }
    expect(seen).toEqual({ beats: 0, silences: 0 });
  });

  it("takes three silent intervals for a sign of loss, and says it once for each three", async () => {
    const { clock, seen, heartbeat } = create();
    heartbeat.start();
    await clock.advance(3_200);
    expect(seen.silences).toBe(0);
    await clock.advance(100);
    expect(seen.silences).toBe(1);
    await clock.advance(3_300);
    expect(seen.silences).toBe(2);
    expect(seen.beats).toBe(6);
  });

  it("is still when it was stopped", async () => {
    const { clock, seen, heartbeat } = create();
    heartbeat.start();
    heartbeat.stop();
    heartbeat.heard();
    await clock.advance(10_000);
    expect(seen).toEqual({ beats: 0, silences: 0 });
    expect(clock.pendingTimers).toBe(0);
  });
});
