import fc from "fast-check";
import { expect, test } from "vitest";
import { FrameRing, type RingFrame, ringLimits } from "./frame-ring.ts";
import { FrameStore, frameOverhead } from "./frame-store.ts";

const frame = (sequence: number, size = 40): RingFrame => ({
  kind: "event",
  sequence,
  bytes: new Uint8Array(size).fill(sequence),
});

const stage = (maxBytes: number, rings = 5) => {
  const store = new FrameStore(maxBytes);
  return { store, rings: Array.from({ length: rings }, () => new FrameRing(0, ringLimits, { store })) };
};

/** The sequences that the ring has. */
const held = (ring: FrameRing): readonly number[] => {
  const piece = ring.pieceAfter(ring.floor);
  return piece === undefined ? [] : [...new Set(piece.bytes)];
};

test("whatever is appended and cleared, the rings have the newest frames that fit, and no others", () => {
  const step = fc.record({ ring: fc.nat({ max: 4 }), clear: fc.boolean(), size: fc.integer({ min: 1, max: 300 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const maxBytes = 2_000;
      const { rings, store } = stage(maxBytes);
      let kept: { readonly ring: number; readonly sequence: number; readonly size: number }[] = [];
      const bytesKept = () => kept.reduce((sum, { size }) => sum + size + frameOverhead, 0);
      for (const [index, { ring, clear, size }] of steps.entries()) {
        if (clear) {
          rings[ring]?.clear();
          kept = kept.filter((entry) => entry.ring !== ring);
        } else {
          rings[ring]?.append(frame(index + 1, size));
          kept.push({ ring, sequence: index + 1, size });
          while (bytesKept() > maxBytes) kept.shift();
        }
        expect(store.bytes).toBe(bytesKept());
        for (const [at, each] of rings.entries()) {
          const own = kept.filter((entry) => entry.ring === at);
          expect(held(each)).toEqual(own.map(({ sequence }) => sequence));
          expect(each.bytes).toBe(own.reduce((sum, entry) => sum + entry.size + frameOverhead, 0));
        }
      }
    }),
  );
});

test("the frame that was appended last stays, however large it is", () => {
  const { rings, store } = stage(300);
  rings[0]?.append(frame(1));
  rings[1]?.append(frame(2, 1_000));
  expect([rings[0]?.bytes, rings[0]?.floor]).toEqual([0, 1]);
  expect(store.bytes).toBe(1_000 + frameOverhead);
});

test("a ring whose frames went has told nobody anything: its streams are below its floor", () => {
  const { rings } = stage(2 * (40 + frameOverhead));
  rings[0]?.append(frame(1));
  rings[0]?.append(frame(2));
  rings[1]?.append(frame(3));
  rings[1]?.append(frame(4));
  expect([rings[0]?.floor, rings[0]?.newest, rings[0]?.pieceAfter(2)]).toEqual([2, 2, undefined]);
});
