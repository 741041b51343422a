import { deepEqual, equal, match } from "node:assert/strict";
import type { Bench } from "../bench.ts";
import { type ConformanceCase, readers } from "../case.ts";
import { mustBeSilent, mustReceive } from "../delivery.ts";
import type { Received } from "../judges/judge.ts";

interface Gap {
  readonly topic: string;
  readonly from: string | null;
  readonly to: string;
  readonly reason: string;
  readonly recoverable: boolean;
}

/** Each reader must get one gap of that reason, and then the event that is published after it. */
const mustTellGap = async (bench: Bench, lastEventId: string, expected: Pick<Gap, "from" | "reason">) => {
  const query = `?lastEventId=${encodeURIComponent(lastEventId)}`;
  const opened = await Promise.all(
    readers.map(async (name) => {
      const listener = await bench.open(name, `${bench.base}${bench.path}${query}`, { types: ["revenprox.gap"] });
      return { name, listener };
    }),
  );
  for (const { listener } of opened) {
    const [event] = await listener.take(1);
    equal(event?.type, "revenprox.gap");
    const { topic, from, to, reason, recoverable } = JSON.parse(event?.data ?? "") as Gap;
    deepEqual({ topic, from, reason, recoverable }, { topic: bench.topic, recoverable: false, ...expected });
    match(to, /^\d+-\d+$/);
  }
  await mustReceive(opened, [{ data: "after" }], [await bench.send({ data: "after" })]);
  await mustBeSilent(opened);
};

/** How a stream tells that it cannot go on where its client was. */
export const gapCases: readonly ConformanceCase[] = [
  {
    name: "gap-invalid-id",
    demand: "An id that was never ours is told as a gap that a page can read, then the stream goes on",
    section: "lastEventId",
    judges: readers,
    run: (bench) => mustTellGap(bench, "nonsense", { from: null, reason: "invalid" }),
  },
  {
    name: "gap-id-with-null",
    demand: "An id with U+0000, CR or LF, which no parser gives back, is told as a gap",
    section: "lastEventId",
    wpt: "format-field-id-null",
    judges: readers,
    run: (bench) => mustTellGap(bench, "1\u00002\r\n3", { from: null, reason: "invalid" }),
  },
  {
    name: "gap-id-of-another-epoch",
    demand: "An id of a journal that is gone is told as a gap, never answered with silence",
    section: "lastEventId",
    judges: readers,
    run: (bench) => mustTellGap(bench, "1703894400000-001", { from: "1703894400000-001", reason: "reset" }),
  },
  {
    name: "gap-id-of-the-future",
    demand: "An id that the journal has not reached is told as a gap",
    section: "lastEventId",
    judges: readers,
    run: async (bench) => {
      const [epoch] = (await bench.send({ data: "x" })).split("-");
      const id = `${epoch}-999999999`;
      await mustTellGap(bench, id, { from: id, reason: "future" });
    },
  },
  {
    name: "gap-has-no-id",
    demand: "A gap carries no id of its own: the client's id moves with the block behind it",
    section: "interpretation",
    wpt: "format-field-id",
    judges: readers,
    run: async (bench) => {
      for (const name of readers) {
        const url = `${bench.base}${bench.path}?lastEventId=nonsense`;
        const listener = await bench.open(name, url, { types: ["revenprox.gap"] });
        const [gap] = await listener.take(1);
        const { to } = JSON.parse(gap?.data ?? "") as Gap;
        const id = await bench.send({ data: "after" });
        const [after] = await listener.take(1);
        deepEqual([gap?.lastEventId === to, after?.lastEventId], [false, id] satisfies [boolean, Received["type"]]);
      }
    },
  },
];
