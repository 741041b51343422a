import { expect, test } from "vitest";
import { formatEventId } from "./event-id.ts";
import { PlaceFrames } from "./place-frames.ts";
import { keepaliveIdFrame, primingFrame } from "./sse-frame.ts";

test("those at the same place share a frame; others get one of their own", () => {
  const frames = new PlaceFrames();
  const [first, second] = [formatEventId(7, 1), formatEventId(7, 2)];
  expect(frames.priming(3_000, first)).toEqual(primingFrame(3_000, first));
  expect(frames.priming(3_000, first)).toBe(frames.priming(3_000, first));
  expect(frames.priming(5_000, first)).toEqual(primingFrame(5_000, first));
  expect(frames.priming(5_000, second)).toEqual(primingFrame(5_000, second));

  expect(frames.keepalive(7, 1)).toEqual(keepaliveIdFrame(first));
  expect(frames.keepalive(7, 1)).toBe(frames.keepalive(7, 1));
  expect(frames.keepalive(7, 2)).toEqual(keepaliveIdFrame(second));
  expect(frames.keepalive(8, 2)).toEqual(keepaliveIdFrame(formatEventId(8, 2)));
});
