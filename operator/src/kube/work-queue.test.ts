import { describe, expect, test } from "vitest";
import { fakeScheduler } from "./testing/fakes.ts";
import { backoffMs, WorkQueue, type WorkResult } from "./work-queue.ts";

const harness = (maxConcurrent = 2) => {
  const scheduler = fakeScheduler();
  const started: string[] = [];
  const rejected: string[] = [];
  const told: string[] = [];
  const pending = new Map<string, { resolve: (result: WorkResult) => void; reject: (error: Error) => void }>();
  const queue = new WorkQueue({
    scheduler,
    maxConcurrent,
    observer: {
      added: () => void told.push("added"),
      retried: () => void told.push("retried"),
      taken: (waitedMs) => void told.push(`taken after ${waitedMs}`),
    },
    onRejected: (key) => rejected.push(key),
    work: (key) => {
      started.push(key);
      return new Promise((resolve, reject) => pending.set(key, { resolve, reject }));
    },
  });
  const finish = async (key: string, result: WorkResult = { kind: "done" }) => {
    pending.get(key)?.resolve(result);
    await scheduler.turn();
  };
  return { scheduler, queue, started, rejected, told, pending, finish };
};

describe("WorkQueue", () => {
  test("a key added many times while it waits runs once", async () => {
    const { queue, started, finish } = harness(1);
    for (const key of ["a", "b", "b", "b"]) queue.add(key);
    expect(queue.depth).toBe(1);
    await finish("a");
    await finish("b");
    expect(started).toEqual(["a", "b"]);
  });

  test("a key added while it runs runs once more after that, never beside itself", async () => {
    const { queue, started, finish } = harness();
    queue.add("a");
    queue.add("a");
    queue.add("a");
    expect(started).toEqual(["a"]);
    await finish("a");
    expect(started).toEqual(["a", "a"]);
    await finish("a");
    expect(started).toEqual(["a", "a"]);
  });

  test("no more than maxConcurrent keys run at once", async () => {
    const { queue, started, finish } = harness(2);
    for (const key of ["a", "b", "c"]) queue.add(key);
    expect(started).toEqual(["a", "b"]);
    await finish("b");
    expect(started).toEqual(["a", "b", "c"]);
  });

  test("failures back off by doubling, and a success resets", async () => {
    const { queue, scheduler, started, finish } = harness();
    queue.add("a");
    await finish("a", { kind: "failed" });
    await scheduler.advance(999);
    expect(started).toHaveLength(1);
    await scheduler.advance(1);
    expect(started).toHaveLength(2);
    await finish("a", { kind: "failed" });
    await scheduler.advance(1_999);
    expect(started).toHaveLength(2);
    await scheduler.advance(1);
    await finish("a");
    queue.add("a");
    await finish("a", { kind: "failed" });
    await scheduler.advance(1_000);
    expect(started).toHaveLength(5);
  });

  test("a rejection is told and counts as a failure", async () => {
    const { queue, scheduler, rejected, started, pending } = harness();
    queue.add("a");
    pending.get("a")?.reject(new Error("bug"));
    await scheduler.turn();
    expect(rejected).toEqual(["a"]);
    await scheduler.advance(1_000);
    expect(started).toHaveLength(2);
  });

  test("retry-after looks again later, and an event in between replaces it", async () => {
    const { queue, scheduler, started, finish } = harness();
    queue.add("a");
    await finish("a", { kind: "retry-after", seconds: 60 });
    queue.add("a");
    await finish("a");
    await scheduler.advance(60_000);
    expect(started).toHaveLength(2);
    queue.addAfter("a", 10);
    await scheduler.advance(10);
    expect(started).toHaveLength(3);
  });

  test("stop waits for what runs and starts nothing more", async () => {
    const { queue, started, finish } = harness(1);
    queue.add("a");
    queue.add("b");
    let stopped = false;
    const stopping = queue.stop().then(() => (stopped = true));
    await finish("missing");
    expect(stopped).toBe(false);
    await finish("a", { kind: "failed" });
    await stopping;
    queue.add("c");
    expect(started).toEqual(["a"]);
  });

  test("tells how long the slowest worker has run", async () => {
    const { queue, scheduler, finish } = harness();
    queue.add("a");
    await scheduler.advance(5_000);
    expect(queue.longestRunningMs).toBe(5_000);
    await finish("a");
    expect(queue.longestRunningMs).toBe(0);
  });
});

test.each([
  [1, 0, 500],
  [1, 1, 1_000],
  [3, 1, 4_000],
  [40, 1, 300_000],
  [40, 0, 150_000],
])("back-off after %i failures with random %d is %i ms", (failures, random, ms) => {
  expect(backoffMs(failures, random)).toBe(ms);
});

describe("what the queue tells", () => {
  test("keys that came, how long they waited for a worker, and what is tried again", async () => {
    const { scheduler, queue, told, finish } = harness(1);
    for (const key of ["a", "b", "b"]) queue.add(key);
    await scheduler.advance(300);
    await finish("a", { kind: "failed" });
    expect(told).toEqual(["added", "taken after 0", "added", "retried", "taken after 300"]);
    await finish("b");
    await scheduler.advance(1_000);
    expect(told.slice(5)).toEqual(["added", "taken after 0"]);
  });

  test("cleared, it forgets what waits; what runs goes on", async () => {
    const { scheduler, queue, started, finish } = harness(1);
    queue.addAfter("later", 10);
    for (const key of ["a", "b", "a"]) queue.add(key);
    queue.clear();
    await finish("a");
    await scheduler.advance(1_000);
    expect(started).toEqual(["a"]);
    expect(queue.depth).toBe(0);
  });
});
