import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FrameRing, type RingFrame, ringLimits } from "./frame-ring.ts";
import { FrameStore } from "./frame-store.ts";

const frame = (sequence: number, size = 1, kind: RingFrame["kind"] = "event"): RingFrame => ({
  kind,
  sequence,
  bytes: new Uint8Array(size).fill(sequence),
});
const ringWith = (limits: Partial<typeof ringLimits>, frames: readonly RingFrame[], floor = 0): FrameRing => {
  const ring = new FrameRing(floor, { ...ringLimits, ...limits });
  for (const each of frames) ring.append(each);
  return ring;
};

describe("a ring", () => {
  test("joins what lies after a cursor, and counts it", () => {
    const ring = ringWith({}, [frame(3), frame(5, 1, "gap"), frame(9)]);
    expect(ring.pieceAfter(0)).toEqual({ bytes: Uint8Array.of(3, 5, 9), to: 9, events: 2, gaps: 1 });
    expect(ring.pieceAfter(4)).toEqual({ bytes: Uint8Array.of(5, 9), to: 9, events: 1, gaps: 1 });
    expect(ring.pieceAfter(9)).toBeUndefined();
    expect(ring.pieceAfter(12)).toBeUndefined();
  });

  test("gives streams at one place the same bytes, and new ones once there is more", () => {
    const ring = ringWith({}, [frame(1), frame(2)]);
    const first = ring.pieceAfter(0);
    expect(ring.pieceAfter(0)).toBe(first);
    ring.append(frame(3));
    expect(ring.pieceAfter(0)?.to).toBe(3);
  });

  test("is entered from elsewhere only where the frame of no gap is missed that reaches further", () => {
    const gapTo = (sequence: number, end: number): RingFrame => ({ ...frame(sequence, 1, "gap"), end });
    const ring = ringWith({}, [frame(3), gapTo(5, 9), frame(5), gapTo(8, 12), frame(8), frame(20)], 2);
    const entries = [0, 2, 4, 5, 7, 8, 11, 12, 30].map((after) => ring.entryFrom(after));
    expect(entries).toEqual([2, 2, 4, 12, 12, 12, 12, 12, 30]);
    const quiet = ringWith({}, [gapTo(5, 9), frame(5)]);
    quiet.clear();
    expect(quiet.entryFrom(5)).toBe(9);
    quiet.reset(6);
    expect(quiet.entryFrom(5)).toBe(6);
  });

  test("does not copy a single frame", () => {
    const only = frame(1);
    expect(ringWith({}, [only]).pieceAfter(0)?.bytes).toBe(only.bytes);
  });

  test("cuts pieces before the frame that does not fit, and never empty", () => {
    const ring = ringWith({ pieceBytes: 10 }, [frame(1, 5), frame(2, 5), frame(3, 1), frame(4, 11), frame(5, 1)]);
    expect([0, 2, 3, 4].map((after) => ring.pieceAfter(after)?.to)).toEqual([2, 3, 4, 5]);
  });

  test("gives the same bytes of a piece that is full, whatever comes later", () => {
    const ring = ringWith({ pieceBytes: 10 }, [frame(1, 6), frame(2, 4), frame(3, 6)]);
    const full = ring.pieceAfter(0);
    ring.append(frame(4, 1));
    expect(ring.pieceAfter(0)).toBe(full);
    expect(ring.pieceAfter(2)?.to).toBe(4);
  });

  test.each([
    ["frames", { maxFrames: 4 }],
    ["bytes", { maxBytes: 644 }],
  ])("knows when half of its %s were not written yet", (_, limits) => {
    const ring = ringWith(limits, [frame(1)]);
    expect(ring.halfNew).toBe(false);
    ring.append(frame(2));
    expect(ring.halfNew).toBe(true);
    ring.written(1);
    expect(ring.halfNew).toBe(false);
    ring.append(frame(3));
    expect(ring.halfNew).toBe(true);
    ring.written(3);
    expect(ring.halfNew).toBe(false);
  });

  test.each([
    ["count", { maxFrames: 2 }, 1],
    ["bytes", { maxBytes: 400 }, 1],
    ["bytes of one frame, which stays", { maxBytes: 1 }, 2],
  ])("is bounded by %s", (_, limits, floor) => {
    const ring = ringWith(limits, [frame(1), frame(2), frame(3)]);
    expect(ring.floor).toBe(floor);
    expect(ring.newest).toBe(3);
  });

  test("keeps its newest sequence when cleared, so that streams there miss nothing", () => {
    const ring = ringWith({}, [frame(1), frame(4)]);
    ring.clear();
    expect([ring.floor, ring.newest, ring.bytes, ring.pieceAfter(4)]).toEqual([4, 4, 0, undefined]);
  });

  test("gives every frame after any cursor above its floor exactly once", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 20 }), fc.nat(), (all, maxFrames, from) => {
        const ring = ringWith(
          { maxFrames, pieceBytes: 64 },
          all.map((size, index) => frame(index + 1, size)),
        );
        let cursor = Math.max(ring.floor, from % (all.length + 1));
        const expected = all.slice(cursor).reduce((sum, size) => sum + size, 0);
        let got = 0;
        for (let piece = ring.pieceAfter(cursor); piece !== undefined; piece = ring.pieceAfter(cursor)) {
          expect(piece.to).toBeGreaterThan(cursor);
          got += piece.bytes.length;
          cursor = piece.to;
        }
        expect(got).toBe(expected);
        expect(ring.floor).toBe(Math.max(0, all.length - maxFrames));
      }),
    );
  });
});

/** Its frames, as a list that is searched from its beginning. */
const piecesOf = (frames: readonly RingFrame[], after: number): readonly number[] =>
  frames.filter(({ sequence }) => sequence > after).flatMap(({ bytes }) => [...bytes]);

test("is what a list with the same limits would be, beside other rings in the same store", () => {
  const step = fc.record({ size: fc.integer({ min: 1, max: 3_000 }), gap: fc.boolean(), other: fc.boolean() });
  const limits = { maxFrames: 7, maxBytes: 8_000, pieceBytes: 2_500 };
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, released) => {
      const store = new FrameStore(20_000);
      const [ring, other] = [new FrameRing(0, limits, { store }), new FrameRing(0, limits, { store })];
      const all: RingFrame[] = [];
      for (const [index, { size, gap, other: isOther }] of steps.entries()) {
        const one = frame(index + 1, size, gap ? "gap" : "event");
        (isOther ? other : ring).append(one);
        if (!isOther) all.push(one);
        if (released) ring.written(ring.newest - (index % 2));
        const here = all.filter(({ sequence }) => sequence > ring.floor);
        expect(here.length).toBeLessThanOrEqual(limits.maxFrames);
        for (const after of [ring.floor, ring.newest - 1]) {
          const got: number[] = [];
          const cursorAt = Math.max(after, ring.floor);
          for (let piece = ring.pieceAfter(cursorAt); piece !== undefined; piece = ring.pieceAfter(piece.to))
            got.push(...piece.bytes);
          expect(got).toEqual(piecesOf(here, cursorAt));
        }
        const events = here.filter(({ kind }) => kind === "event");
        const third = events.at(-3);
        const before = here.findLast(({ sequence }) => sequence < (third?.sequence ?? 0))?.sequence ?? ring.floor;
        expect(ring.placeBeforeLast(3)).toBe(third === undefined ? undefined : before);
      }
      ring.clear();
      other.clear();
      expect(store.bytes).toBe(0);
    }),
    { numRuns: 60 },
  );
});

test("each piece ends with what its place calls for", () => {
  const ring = new FrameRing(0, ringLimits, { closing: (to) => (to === 1 ? undefined : new Uint8Array([to])) });
  ring.append({ kind: "event", sequence: 1, bytes: new Uint8Array([7]) });
  expect(ring.pieceAfter(0)).toEqual({ bytes: new Uint8Array([7]), to: 1, events: 1, gaps: 0 });
  ring.append({ kind: "event", sequence: 2, bytes: new Uint8Array([8]) });
  expect(ring.pieceAfter(0)).toEqual({ bytes: new Uint8Array([7, 8, 2]), to: 2, events: 2, gaps: 0 });
});
