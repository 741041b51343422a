import { describe, expect, it } from "vitest";
import { createClockOffset } from "./clock-offset.ts";

describe("the offset to the journal's clock", () => {
  it("is 0 before anything was measured", () => {
    expect(createClockOffset().milliseconds).toBe(0);
  });

  it("comes from the sample with the shortest round trip", () => {
    const offset = createClockOffset();
    offset.sample(1_500, 1_000, 1_400);
    offset.sample(2_505, 2_000, 2_010);
    offset.sample(3_700, 3_000, 3_300);
    expect(offset.milliseconds).toBe(500);
  });

  it("forgets old samples", () => {
    const offset = createClockOffset();
    offset.sample(600, 100, 100);
    for (let index = 0; index < 8; index += 1) offset.sample(1_000, 990, 1_010);
    expect(offset.milliseconds).toBe(0);
  });

  it.each([
    ["a time stamp that cannot be read", Number.NaN, 1, 2],
    ["a clock that was set back", 100, 50, 40],
  ])("ignores %s", (_, server, sent, received) => {
    const offset = createClockOffset();
    offset.sample(server, sent, received);
    expect(offset.milliseconds).toBe(0);
  });

  it("turns server time into this process's, never into the future", () => {
    const offset = createClockOffset();
    offset.sample(1_500, 1_000, 1_000);
    expect(offset.toLocal(1_600, 2_000)).toBe(1_100);
    expect(offset.toLocal(9_000, 2_000)).toBe(2_000);
    expect(offset.toLocal(Number.NaN, 2_000)).toBe(2_000);
  });
});
