import { expect, test } from "vitest";
import { ReadGate } from "./read-gate.ts";
import { ManualClock } from "./testing/manual-clock.ts";

test("lets so many in at once, the others in order, and goes on after a failure", async () => {
  const clock = new ManualClock();
  const gate = new ReadGate(() => 2);
  const started: number[] = [];
  const ends: { resolve: () => void; reject: (fault: Error) => void }[] = [];
  const runs = [0, 1, 2, 3].map((index) =>
    gate.run(() => {
      started.push(index);
      return new Promise<void>((resolve, reject) => ends.push({ resolve, reject }));
    }),
  );
  const outcomes = Promise.allSettled(runs);
  await clock.settle();
  expect(started).toEqual([0, 1]);
  ends[1]?.reject(new Error("broken"));
  await clock.settle();
  expect(started).toEqual([0, 1, 2]);
  for (const index of [0, 2]) ends[index]?.resolve();
  await clock.settle();
  expect(started).toEqual([0, 1, 2, 3]);
  ends[3]?.resolve();
  expect((await outcomes).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
});
