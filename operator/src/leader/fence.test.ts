import { expect, test } from "vitest";
import { fakeScheduler } from "../kube/testing/fakes.ts";
import { NotLeadingError, WriteFence, type WriteGrant } from "./fence.ts";

const fenceWith = () => {
  const scheduler = fakeScheduler();
  const told: string[] = [];
  const fence = new WriteFence({
    scheduler,
    onOpened: () => void told.push("opened"),
    onClosed: () => void told.push("closed"),
  });
  return { scheduler, told, fence };
};

const open = (fence: WriteFence): Promise<WriteGrant> => fence.guard(async (grant) => grant);

test("it is closed at first, open until the moment given, then closed and said so once", async () => {
  const { scheduler, told, fence } = fenceWith();
  await expect(open(fence)).rejects.toThrow(NotLeadingError);
  fence.openUntil(100);
  fence.openUntil(200);
  await scheduler.advance(150);
  expect((await open(fence)).permit()).toBe(true);
  await scheduler.advance(50);
  await expect(open(fence)).rejects.toThrow(NotLeadingError);
  fence.close();
  expect(told).toEqual(["opened", "closed"]);
});

test("a write under way is cut off when it closes", async () => {
  const { scheduler, fence } = fenceWith();
  fence.openUntil(100);
  let grant: WriteGrant | undefined;
  const write = fence.guard(
    (given) =>
      new Promise<string>((resolve) => {
        grant = given;
        given.signal.addEventListener("abort", () => resolve("cut"));
      }),
  );
  expect(fence.writesUnderWay).toBe(1);
  await scheduler.advance(100);
  expect(await write).toBe("cut");
  expect(grant?.permit()).toBe(false);
  expect(fence.writesUnderWay).toBe(0);
});

test("a renewal that comes after the deadline begins a new term: what was allowed in the old one stays forbidden", async () => {
  let now = 0;
  const told: string[] = [];
  // No timer runs, as in a process that was stopped.
  const scheduler = { now: () => now, after: () => () => undefined, random: () => 0 };
  const fence = new WriteFence({
    scheduler,
    onOpened: () => void told.push("opened"),
    onClosed: () => void told.push("closed"),
  });
  fence.openUntil(100);
  const old = await open(fence);
  now = 100;
  expect(old.permit()).toBe(false);
  fence.openUntil(90);
  expect(fence.isOpen).toBe(false);
  fence.openUntil(300);
  expect(fence.isOpen).toBe(true);
  expect(old.permit()).toBe(false);
  expect(old.signal.aborted).toBe(true);
  expect(told).toEqual(["opened", "closed", "opened"]);
});
