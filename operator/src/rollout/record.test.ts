import { expect, test } from "vitest";
import type { PodLoad } from "../fleet/pod-load.ts";
import { type Cause, continuedFrom, type MoveRecord, type PodEnding, recordOf } from "./record.ts";
import { podWith } from "./testing/pods.ts";

const at = (seconds: number): Date => new Date(Date.UTC(2026, 10, 23, 12, 0, seconds));
const cause: Cause = { reason: "ScaleDown", from: "2", to: "1" };
const gone = at(60).getTime();

const looks = (
  steps: readonly (readonly [number, Cause | undefined, readonly PodLoad[]])[],
  ending: PodEnding = "clean",
  start?: MoveRecord,
) =>
  steps.reduce<MoveRecord | undefined>(
    (record, [seconds, why, pods]) =>
      recordOf(record, {
        now: at(seconds),
        cause: why,
        pods,
        endingOf: () => ending,
        lastOf: () => undefined,
        waitingFor: undefined,
      }),
    start,
  );

const stays = podWith("a", { streams: 100, moved: 7 });
const drains = (streams: number, moved: number) => podWith("b", { streams, moved }, { ready: false, goneBy: gone });

const scaleDown: Parameters<typeof looks>[0] = [
  [0, cause, [stays, podWith("b", { streams: 50, moved: 3 })]],
  [2, cause, [stays, drains(50, 3)]],
  [4, undefined, [stays, drains(20, 33)]],
  [6, undefined, [stays]],
];

test("counts what a pod moved since it began, and what it had left when it ended cleanly", () => {
  expect(looks(scaleDown)?.status).toEqual({
    ...cause,
    streamsMoved: 50,
    streamsLost: 0,
    startedAt: "2026-11-23T12:00:00Z",
    finishedAt: "2026-11-23T12:00:06Z",
    seconds: 6,
  });
});

test.each<PodEnding>(["unclean", "unknown"])("streams left on a pod that ended %s are lost", (ending) => {
  expect(looks(scaleDown, ending)?.status).toMatchObject({ streamsMoved: 30, streamsLost: 20 });
});

test("goes on until the last pod has drained, also one that keeps silent", () => {
  const silent = podWith("b", undefined, { ready: false, goneBy: gone });
  const record = looks([...scaleDown.slice(0, 3), [5, undefined, [stays, silent]]]);
  expect(record?.status.finishedAt).toBeUndefined();
  expect(looks([[6, undefined, [stays]]], "clean", record)?.status).toMatchObject({ streamsMoved: 50, seconds: 6 });
});

test("what was shed counts without any pod that goes", () => {
  const shed: Cause = { reason: "Rebalance", from: "2", to: "2" };
  const status = looks([
    [0, shed, [podWith("a", { streams: 90, moved: 5 })]],
    [5, shed, [podWith("a", { streams: 70, moved: 25, shedding: 10 })]],
    [9, undefined, [podWith("a", { streams: 60, moved: 35 })]],
  ])?.status;
  expect(status).toMatchObject({ reason: "Rebalance", streamsMoved: 30, streamsLost: 0, seconds: 9 });
});

test("another operator goes on where this one was, and a finished one is told until the next begins", () => {
  const half = looks(scaleDown.slice(0, 3));
  const told = { ...half!.status, streamsMoved: 30 };
  const continued = looks(
    [
      [20, undefined, [stays, drains(15, 38)]],
      [21, undefined, [stays]],
    ],
    "clean",
    continuedFrom(told),
  );
  expect(continued?.status).toMatchObject({ startedAt: told.startedAt, streamsMoved: 45, seconds: 21 });
  expect(looks([[30, undefined, [stays]]], "clean", continued)?.status).toEqual(continued?.status);
  expect(looks([[40, cause, [stays]]], "clean", continued)?.status).toMatchObject({
    startedAt: "2026-11-23T12:00:40Z",
  });
  expect(continuedFrom(continued?.status)).toBeUndefined();
});

test("the counts are shown now and then, not at each look", () => {
  const shown = [2, 4, 6, 8, 10, 12].map(
    (seconds) =>
      looks(
        [2, 4, 6, 8, 10, 12]
          .filter((each) => each <= seconds)
          .map((each) => [each, cause, [podWith("b", { streams: 50 - each, moved: each })]] as const),
      )?.status.streamsMoved,
  );
  expect(shown).toEqual([0, 0, 0, 0, 0, 10]);
});

test("all that a pod has moved counts where it is first heard of while it drains", () => {
  const status = looks([
    [0, cause, [stays, podWith("b")]],
    [2, cause, [stays, drains(20, 33)]],
    [4, undefined, [stays]],
  ])?.status;
  expect(status?.streamsMoved).toBe(53);
});

test("nothing is told where nothing moved", () => {
  expect(looks([[0, undefined, [stays]]])).toBeUndefined();
});

test("what a pod said after the last look counts, too", () => {
  const before = looks(scaleDown.slice(0, 2));
  const lastOf = (uid: string) => (uid === "uid-b" ? { streams: 4, moved: 61 } : undefined);
  const look = { now: at(6), cause: undefined, pods: [stays], endingOf: () => "unclean" as const };
  expect(recordOf(before, { ...look, lastOf, waitingFor: undefined })?.status).toMatchObject({
    streamsMoved: 58,
    streamsLost: 4,
  });
});
