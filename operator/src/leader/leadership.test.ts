import { describe, expect, test } from "vitest";
import { fakeScheduler } from "../kube/testing/fakes.ts";
import type { SeenLease } from "./election.ts";
import type { LeasePort } from "./elector.ts";
import { electedLeadership, soleLeadership } from "./leadership.ts";

const times = { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 };

/** One Lease in memory with the API server's rule: a write needs the version that is there. */
const sharedLease = () => {
  let lease: SeenLease | undefined;
  let versions = 0;
  const port = (reachable: () => boolean): LeasePort => {
    const reach = () => {
      if (!reachable()) throw new Error("no route");
    };
    return {
      read: async () => {
        reach();
        return lease;
      },
      write: async (record, version) => {
        reach();
        if (lease?.version !== version) return undefined;
        versions += 1;
        lease = { record, version: String(versions) };
        return lease;
      },
    };
  };
  return { port, holder: () => lease?.record.holder, remove: () => (lease = undefined) };
};

const pair = () => {
  const scheduler = fakeScheduler();
  const lease = sharedLease();
  const told: string[] = [];
  const reachable = { a: true, b: true };
  const contender = (identity: "a" | "b") =>
    electedLeadership({
      lease: lease.port(() => reachable[identity]),
      identity,
      times,
      scheduler,
      wallClock: () => new Date(scheduler.now()),
      onGained: () => void told.push(`${identity} gained`),
      onLost: () => void told.push(`${identity} lost`),
      onFailed: () => undefined,
    });
  const [a, b] = [contender("a"), contender("b")];
  const seconds = async (count: number) => {
    for (let step = 0; step < count * 10; step++) {
      await scheduler.advance(100);
      expect(a.leads && b.leads).toBe(false);
    }
  };
  return { a, b, lease, told, reachable, seconds };
};

describe("of two operators", () => {
  test("the first leads, and goes on leading", async () => {
    const { a, b, told, seconds } = pair();
    a.start();
    await seconds(1);
    b.start();
    await seconds(60);
    expect([a.leads, b.leads]).toEqual([true, false]);
    expect(told).toEqual(["a gained"]);
  });

  test("the second leads within 3 s of a stop of the first", async () => {
    const { a, b, lease, seconds } = pair();
    a.start();
    await seconds(1);
    b.start();
    await seconds(5);
    await a.stop();
    expect(lease.holder()).toBe("");
    await seconds(3);
    expect(b.leads).toBe(true);
    await expect(a.guard(async () => 1)).rejects.toThrow("does not lead");
  });

  test("one that is cut off stops at its deadline, before the other one takes over; healed, it stands by", async () => {
    const { a, b, told, reachable, seconds } = pair();
    a.start();
    await seconds(1);
    b.start();
    await seconds(5);
    reachable.a = false;
    await seconds(9);
    expect(a.leads || told.includes("a lost")).toBe(true);
    await seconds(11);
    expect([a.leads, b.leads]).toEqual([false, true]);
    reachable.a = true;
    await seconds(30);
    expect(told).toEqual(["a gained", "a lost", "b gained"]);
  });

  test("a stop with a write under way keeps the Lease, so that the other one waits for its time", async () => {
    const { a, b, lease, seconds } = pair();
    a.start();
    await seconds(1);
    b.start();
    await seconds(1);
    const write = a.guard(
      ({ signal }) => new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve())),
    );
    await a.stop();
    await write;
    expect(lease.holder()).toBe("a");
    await seconds(10);
    expect(b.leads).toBe(false);
    await seconds(8);
    expect(b.leads).toBe(true);
  });

  test("a Lease that is deleted by hand is made again by the one that leads", async () => {
    const { a, lease, told, seconds } = pair();
    a.start();
    await seconds(1);
    lease.remove();
    await seconds(5);
    expect(lease.holder()).toBe("a");
    expect(told).toEqual(["a gained"]);
  });
});

test("a sole operator leads from start to stop", async () => {
  let gained = 0;
  const sole = soleLeadership({ onGained: () => void gained++ });
  expect(sole.leads).toBe(false);
  sole.start();
  expect([sole.leads, gained]).toEqual([true, 1]);
  expect(await sole.guard(async ({ permit }) => permit())).toBe(true);
  await sole.stop();
  await expect(sole.guard(async () => 1)).rejects.toThrow("ends");
});
