import fc from "fast-check";
import { expect, test } from "vitest";
import { formatEventId, parseEventId } from "./event-id.ts";

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
