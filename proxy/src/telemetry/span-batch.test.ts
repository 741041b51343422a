import { expect, test } from "vitest";
import { largestBatch, SpanBatch, type SpanLoss } from "./span-batch.ts";

/** A batch whose receiver answers when the test says so. */
const batchOf = (maxSpans: number) => {
  const sends: { readonly spans: number[]; readonly answer: (taken: boolean) => void }[] = [];
  const lost: Record<SpanLoss, number> = { queue_full: 0, export_failed: 0 };
  let sent = 0;
  let timer: (() => void) | undefined;
  const batch = new SpanBatch<number>({
    maxSpans,
    intervalMs: 1_000,
    send: (spans) => new Promise((answer) => sends.push({ spans, answer })),
    sent: (count) => {
      sent += count;
    },
    lost: (count, why) => {
      lost[why] += count;
    },
    after: (_, action) => {
      timer = action;
      return () => {
        timer = undefined;
      };
    },
  });
  const tick = (): void => {
    const action = timer;
    timer = undefined;
    action?.();
  };
  return { batch, sends, lost, tick, sent: () => sent };
};

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("spans wait for the interval and go out together", async () => {
  const { batch, sends, tick, sent } = batchOf(100);
  for (const span of [1, 2, 3]) batch.add(span);
  expect(sends).toEqual([]);
  tick();
  sends[0]?.answer(true);
  await settled();
  expect([sends.map(({ spans }) => spans), sent()]).toEqual([[[1, 2, 3]], 3]);
});

test("a receiver that never answers holds one batch; what is beyond the bound is lost and counted", async () => {
  const { batch, sends, lost, tick } = batchOf(largestBatch * 2);
  for (let span = 0; span < 100_000; span += 1) batch.add(span);
  tick();
  await settled();
  expect([sends.length, sends[0]?.spans.length]).toEqual([1, largestBatch]);
  expect(lost).toEqual({ queue_full: 100_000 - largestBatch * 3, export_failed: 0 });
});

test("a batch that is given up is lost, and the next one is tried", async () => {
  const { batch, sends, lost, tick, sent } = batchOf(10);
  batch.add(1);
  tick();
  batch.add(2);
  sends[0]?.answer(false);
  await settled();
  tick();
  sends[1]?.answer(true);
  await settled();
  expect([lost.export_failed, sent()]).toEqual([1, 1]);
});

test("a flush sends what waits, after what is under way", async () => {
  const { batch, sends, tick, sent } = batchOf(10);
  batch.add(1);
  tick();
  batch.add(2);
  const flushed = batch.flush();
  sends[0]?.answer(true);
  await settled();
  sends[1]?.answer(true);
  await flushed;
  expect([sends.map(({ spans }) => spans), sent()]).toEqual([[[1], [2]], 2]);
});
