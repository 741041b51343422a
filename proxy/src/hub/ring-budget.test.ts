import fc from "fast-check";
import { expect, test } from "vitest";
import { FrameRing, ringLimits } from "./frame-ring.ts";
import { RingBudget } from "./ring-budget.ts";

const maxBytes = 2_000;
const frame = (sequence: number) => ({ kind: "event", sequence, bytes: new Uint8Array(40) }) as const;

const stage = () => {
  const rings = Array.from({ length: 5 }, () => new FrameRing(0, ringLimits));
  return { rings, budget: new RingBudget(maxBytes) };
};

test("whatever is appended, forgotten and cleared, the bytes are those of the rings, and the last ring keeps its own", () => {
  const step = fc.record({ ring: fc.nat({ max: 4 }), forget: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const { rings, budget } = stage();
      const counted = new Set<FrameRing>();
      for (const [index, { ring: which, forget }] of steps.entries()) {
        const ring = rings[which];
        if (ring === undefined) continue;
        if (forget) {
          budget.forget(ring);
          counted.delete(ring);
        } else {
          ring.append(frame(index + 1));
          budget.touched(ring);
          counted.add(ring);
          expect(ring.newest).toBe(index + 1);
          expect(ring.bytes).toBeGreaterThan(0);
        }
        expect(budget.bytes).toBe([...counted].reduce((sum, { bytes }) => sum + bytes, 0));
        expect(budget.bytes).toBeLessThanOrEqual(maxBytes);
      }
    }),
  );
});

test("the ring that was appended to longest ago goes first", () => {
  const { rings, budget } = stage();
  const [first, second, third] = rings as [FrameRing, FrameRing, FrameRing];
  const append = (ring: FrameRing, sequence: number): void => {
    ring.append(frame(sequence));
    budget.touched(ring);
  };
  for (let sequence = 1; sequence <= 3; sequence += 1)
    for (const ring of [first, second, third]) append(ring, sequence);
  append(first, 4);
  append(third, 4);
  expect(rings.slice(0, 3).map(({ bytes }) => bytes > 0)).toEqual([true, false, true]);
});
