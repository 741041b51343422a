import fc from "fast-check";
import { expect, test } from "vitest";
import { formatEventId, parseEventId, topicSetOf } from "./event-id.ts";

test.each([
  [1_703_894_400_000, 1, "1703894400000-001"],
  [1_703_894_400_000, 0, "1703894400000-000"],
  [1_703_894_400_000, 12_345, "1703894400000-12345"],
])("%d, %d is %s", (epoch, sequence, id) => {
  expect(formatEventId(epoch, sequence)).toBe(id);
});

test.each([
  "",
  "1",
  "-001",
  "1703894400000",
  "1703894400000-",
  "1703894400000-1",
  "1703894400000-0001",
  "0-001",
  "01-001",
  "1703894400000-001 ",
  "1703894400000-001\n",
  "1703894400000--01",
  "1703894400000-0x1",
  "99999999999999999999-001",
  "1703894400000-9999999999999999",
  "1703894400000-012~",
  "1703894400000-012~b.3.w",
  "1703894400000-012~b.3.w.00k5",
  "1703894400000-012~b.3.w.00k5f.1",
  "1703894400000-012~b.3.w.00K5F",
  "1703894400000-012~0b.3.w.00k5f",
  "1703894400000-012~0.0.0.00k5f",
  "1703894400000-012~d.3.w.00k5f",
  "1703894400000-012~b.c.w.00k5f",
  "1703894400000-012~b.3.1z141z4.00k5f",
  "1703894400000-012~zzzzzzz.3.w.00k5f",
  "1703894400000-5000000000000~zzzzzzz.3.w.00k5f",
  "1703894400000-012~-1.3.w.00k5f",
  "urn:uuid:5e94c686-2c0b-4f9b-958c-92ccc3bbb4eb",
])("%j is no id of ours", (id) => {
  expect(parseEventId(id)).toEqual({ kind: "invalid" });
});

test("every cursor survives the round trip, in at most 64 safe bytes", () => {
  const sequence = fc.maxSafeNat();
  fc.assert(
    fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), sequence, (epoch, at) => {
      const id = formatEventId(epoch, at);
      expect(id).toMatch(/^[A-Za-z0-9._~-]{1,64}$/);
      expect(parseEventId(id)).toEqual({ kind: "cursor", cursor: { epoch, sequence: at } });
    }),
  );
});

test("an id with a proof says what was written since which sequence", () => {
  const proof = { base: 1, count: 3, sum: 32, set: "00k5f" };
  const id = "1703894400000-012~b.3.w.00k5f";
  expect(formatEventId(1_703_894_400_000, 12, proof)).toBe(id);
  expect(parseEventId(id)).toEqual({ kind: "cursor", cursor: { epoch: 1_703_894_400_000, sequence: 12 }, proof });
});

test("every proof survives the round trip, in at most 64 safe bytes; over too many sequences it is left out", () => {
  const [word, epochOf] = [fc.nat(2 ** 32 - 1), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })];
  const parts = fc.record({ epoch: epochOf, at: fc.maxSafeNat(), lag: fc.nat(2 ** 33), events: word, sum: word });
  fc.assert(
    fc.property(parts, ({ epoch, at, lag, events, sum }) => {
      const base = Math.max(0, at - lag);
      fc.pre(base < at);
      const proof = { base, count: Math.min(events, at - base), sum, set: "zz00z" };
      const id = formatEventId(epoch, at, proof);
      expect(id).toMatch(/^[A-Za-z0-9._~-]{1,64}$/);
      const told = at - base < 2 ** 32 ? { proof } : {};
      expect(parseEventId(id)).toEqual({ kind: "cursor", cursor: { epoch, sequence: at }, ...told });
    }),
  );
});

test("a set of topics is named alike in any order, and apart from others", () => {
  const [a, b, c] = ["a", "b", "c"].map((digit) => digit.repeat(32));
  const [one = "", other = "", third = ""] = [a, b, c];
  expect(topicSetOf([one, other])).toBe(topicSetOf([other, one]));
  expect(new Set([[one], [other], [one, other], [one, third], [one, other, third]].map(topicSetOf)).size).toBe(5);
});
