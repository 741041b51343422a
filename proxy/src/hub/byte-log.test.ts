import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteLog } from "./byte-log.ts";

const owners = ["a", "b", "c"].map((name) => ({ name }));
const bytesOf = (seed: number, size: number): Uint8Array => new Uint8Array(size).map((_, at) => seed * 31 + at);

interface Kept {
  readonly number: number;
  readonly value: number;
  readonly owner: object;
  readonly bytes: Uint8Array;
}

const expectSame = (log: ByteLog<object>, kept: readonly Kept[], last: number): void => {
  const [oldest] = kept;
  expect([log.entries, log.last, log.bytes]).toEqual([
    kept.length,
    last,
    kept.reduce((sum, { bytes }) => sum + bytes.length, 0),
  ]);
  expect([log.oldest, log.oldestOwner, log.oldestValue]).toEqual([oldest?.number, oldest?.owner, oldest?.value]);
};

const expectSameEntries = (log: ByteLog<object>, kept: readonly Kept[]): void => {
  for (const { number, value, bytes } of kept) {
    const entry = log.at(number);
    expect([entry.value, log.valueOf(number)]).toEqual([value, value]);
    expect(Buffer.compare(entry.bytes, bytes)).toBe(0);
  }
};

test("is what a list would be, and what it gave out stays what it was", () => {
  const size = fc.oneof(fc.nat(40), fc.integer({ min: 500, max: 2_047 }), fc.integer({ min: 2_048, max: 9_000 }));
  const step = fc.oneof(
    fc.record({ append: fc.nat(2), size, times: fc.integer({ min: 1, max: 60 }) }),
    fc.record({ removeOldest: fc.integer({ min: 1, max: 60 }) }),
    fc.record({ removeAnywhere: fc.nat(), every: fc.integer({ min: 1, max: 4 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const log = new ByteLog<object>();
      let kept: Kept[] = [];
      let last = 0;
      const given: { readonly bytes: Uint8Array; readonly expected: Uint8Array }[] = [];
      const remove = (gone: readonly Kept[]): void => {
        for (const { number, bytes } of gone) expect(log.remove(number)).toBe(bytes.length);
        kept = kept.filter((entry) => !gone.includes(entry));
      };
      for (const each of steps) {
        if ("append" in each)
          for (let time = 0; time < each.times; time += 1) {
            const owner = owners[each.append]!;
            const bytes = bytesOf(last + 1, each.size);
            last += 1;
            expect(log.append(owner, last * 1.5, bytes)).toBe(last);
            kept.push({ number: last, value: last * 1.5, owner, bytes: bytes.slice() });
          }
        else if ("removeOldest" in each) remove(kept.slice(0, each.removeOldest));
        else remove(kept.filter((_, index) => index % each.every === 0 && index >= each.removeAnywhere % 50));
        expectSame(log, kept, last);
        const some = kept[last % Math.max(1, kept.length)];
        if (some !== undefined) given.push({ bytes: log.at(some.number).bytes, expected: some.bytes });
      }
      expectSameEntries(log, kept);
      for (const { bytes, expected } of given) expect(Buffer.compare(bytes, expected)).toBe(0);
    }),
    { numRuns: 150 },
  );
});

test("an entry that has gone, or has not come yet, is not there", () => {
  const log = new ByteLog<object>();
  for (let time = 0; time < 3; time += 1) log.append(owners[0]!, 0, bytesOf(1, 10));
  log.remove(2);
  for (const number of [0, 2, 4])
    for (const ask of ["at", "valueOf", "remove"] as const) expect(() => log[ask](number)).toThrow(RangeError);
  expect(log.at(3).bytes.length).toBe(10);
});

/** What `ByteLog` promises: a quarter for nothing, and a segment at each end. */
const bound = (log: ByteLog<object>): number => ((log.bytes + log.entries * 32) * 4) / 3 + 2 * (65_536 + 384 * 32);

test.each<[string, number, number, (index: number) => boolean]>([
  ["one of three hundred", 300_000, 20, (index) => index % 300 === 0],
  ["one of fifty", 60_000, 20, (index) => index % 50 === 0],
  ["every second one", 60_000, 1_500, (index) => index % 2 === 0],
  ["seven of ten", 60_000, 200, (index) => index % 10 < 7],
  ["none of the first half", 60_000, 200, (index) => index >= 30_000],
])("takes little more memory than its entries need where %s stays", (_, count, size, stays) => {
  const log = new ByteLog<object>();
  const bytes = bytesOf(1, size);
  for (let index = 0; index < count; index += 1) {
    log.append(owners[0]!, 0, bytes);
    const gone = index - 1_000;
    if (gone >= 0 && !stays(gone)) log.remove(gone + 1);
    if (index % 5_000 === 0) expect(log.capacity).toBeLessThan(bound(log));
  }
  expect(log.capacity).toBeLessThan(bound(log));
});

test("takes next to nothing where there is little in it", () => {
  const log = new ByteLog<object>();
  log.append(owners[0]!, 0, bytesOf(1, 100));
  expect(log.capacity).toBeLessThan(10_000);
  log.remove(1);
  expect(log.capacity).toBe(0);
});

test("holds none of a larger buffer that an entry was a part of", () => {
  const log = new ByteLog<object>();
  const part = new Uint8Array(100_000).subarray(10, 5_010);
  log.append(owners[0]!, 0, part);
  expect(log.at(1).bytes.buffer.byteLength).toBe(5_000);
});
