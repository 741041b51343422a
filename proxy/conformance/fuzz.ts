import { deepEqual } from "node:assert/strict";
import fc from "fast-check";
import { received, type Sent, send } from "./bench.ts";
import type { Fleet } from "./fleet.ts";
import type { Reader } from "./judges/judge.ts";

/** What parsers may stumble over, in the odds in which it should come. */
const piece = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("\n", "\r", "\r\n", "\n\n", "\r\r", "\n\r") },
  {
    weight: 3,
    arbitrary: fc.constantFrom(" ", "  ", "\t", ":", ": ", "\ufeff", "\u0000", "\u2028", "\u0085", "\u000b"),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom("data", "data:", "data: ", "event: x", "id: 1", "id", "retry: 5", ":c", "[DONE]"),
  },
  { weight: 2, arbitrary: fc.constantFrom("😀", "👩‍👩‍👧‍👦", "é", "e\u0301", "中", "\u{10ffff}", "\uffff", "\ufffd") },
  { weight: 4, arbitrary: fc.string({ unit: "grapheme", maxLength: 12 }) },
  { weight: 4, arbitrary: fc.string({ unit: "binary", maxLength: 12 }) },
);

const kib64 = 65_536;
const long = fc
  .tuple(piece, fc.constantFrom("x", "\n", "é\r\n", " : "))
  .map(([head, unit]) => `${head}${unit.repeat(kib64 / unit.length)}`);

const data = fc.oneof(
  { weight: 60, arbitrary: fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")) },
  { weight: 4, arbitrary: fc.constant("") },
  { weight: 1, arbitrary: long },
);

const utf8Length = (text: string): number => Buffer.byteLength(text);

const type = fc
  .oneof(
    fc.constantFrom("message", "tick", "data", "open", "error", " ", ":", "größe"),
    fc.string({ unit: "binary", maxLength: 20 }),
  )
  .filter((text) => !/[\0\r\n]/.test(text) && !text.startsWith("revenprox.") && utf8Length(text) <= 256);

const retry = fc.integer({ min: 1_000, max: 60_000 });

const event: fc.Arbitrary<Sent> = fc.record({ data, event: type, retry }, { requiredKeys: ["data"] });

const batchSize = 40;
const batches = 25;

const typesOf = (events: readonly Sent[]): readonly string[] => [
  ...new Set(events.flatMap(({ event: type = "" }) => (type === "" ? [] : [type]))),
];

/** Publishes batches on one topic, and reads them by all readers; tells the seed. */
export const fuzzStreams = async ({
  fleet,
  readers,
}: {
  readonly fleet: Fleet;
  readonly readers: readonly Reader[];
}) => {
  const { port } = await fleet.shared();
  const seed = Date.now() % 2 ** 31;
  const url = `http://127.0.0.1:${port}/events/fuzz`;
  const listeners = await Promise.all(
    readers.map(async (reader) => ({ name: reader.name, listener: await reader.open(url) })),
  );
  let published = 0;
  const property = fc.asyncProperty(
    fc.array(event, { minLength: batchSize, maxLength: batchSize, size: "max" }),
    async (events) => {
      await Promise.all(listeners.map(({ listener }) => listener.listen(typesOf(events))));
      const expected = [];
      for (const each of events) expected.push(received(each, await send(port, "fuzz", each)));
      published += events.length;
      for (const { name, listener } of listeners)
        deepEqual(await listener.take(events.length), expected, `read by ${name}`);
    },
  );
  try {
    await Promise.all(listeners.map(({ listener }) => listener.changes(1)));
    await fc.assert(property, { seed, numRuns: batches, endOnFailure: true });
  } finally {
    await Promise.all(listeners.map(({ listener }) => listener.close()));
  }
  return `${published} random events read alike by ${readers.map(({ name }) => name).join(", ")}; seed ${seed}`;
};
