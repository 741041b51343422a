import { expect, test } from "vitest";
import { ManualClock } from "../hub/testing/manual-clock.ts";
import { CallFailed, CallUnanswered } from "./call-line.ts";
import type { LoopState } from "./loop-calls.ts";
import { LoopFleet } from "./loop-fleet.ts";

const silent = () => undefined;

const stateOf = (streams: number): LoopState => ({
  health: { status: "healthy", connections: streams, uptime_seconds: 1 },
  notReady: [],
  stats: {
    active: streams,
    idle: 0,
    connecting: 0,
    closing: 0,
    totalCreated: streams,
    totalClosed: 0,
    topics: 0,
    effectiveMax: 100,
  },
  moves: { moved: 1, shedding: 0 },
  journalConnected: true,
  breaker: "none",
  peers: [],
});

/** A process that answers as the test has it. */
const fakeProcess = (loop: number) => {
  const exit = Promise.withResolvers<string>();
  const fake = { mute: false, fails: false, faulty: false, killed: false, ended: exit.resolve };
  const ask = async (name: string): Promise<unknown> => {
    if (fake.fails) throw new Error("cannot listen");
    if (fake.mute) throw new CallUnanswered(name);
    if (fake.faulty) throw new CallFailed("cannot read properties of undefined");
    return name === "state" ? stateOf(loop * 10) : loop;
  };
  const process = {
    line: { ask, tell: silent },
    pid: loop,
    exited: exit.promise,
    kill: () => {
      fake.killed = true;
      exit.resolve("SIGKILL");
    },
  };
  return { fake, process };
};

const harness = (failing: readonly number[] = []) => {
  const clock = new ManualClock();
  const forked: ReturnType<typeof fakeProcess>[] = [];
  const gone: number[] = [];
  const serving: number[] = [];
  const errors: string[] = [];
  const fleet = new LoopFleet({
    loops: 2,
    fork: (loop) => {
      const made = fakeProcess(loop);
      made.fake.fails = failing.includes(loop);
      forked.push(made);
      return made.process as never;
    },
    start: () => ({}) as never,
    after: (ms, action) => clock.after(ms, action),
    now: () => clock.now(),
    log: { debug: silent, info: silent, warn: silent, error: (line) => errors.push(line) },
    onGone: (loop) => gone.push(loop),
    onServing: (loop) => serving.push(loop),
  });
  return { clock, forked, gone, serving, errors, fleet };
};

test("the loops are known by what they say, and asked all at once", async () => {
  const { fleet } = harness();
  await fleet.open();
  expect([fleet.missing, fleet.states().length, [...fleet.streams()]]).toEqual([
    0,
    2,
    [
      [1, 10],
      [2, 20],
    ],
  ]);
  expect([...(await fleet.askAll("subscribers", "a" as never))]).toEqual([
    [1, 1],
    [2, 2],
  ]);
  fleet.leave();
});

test("a loop that answers with a fault is told, one that is only busy is not, and the others' answers count", async () => {
  const { fleet, forked, errors } = harness();
  await fleet.open();
  const [first, second] = forked;
  if (first === undefined || second === undefined) throw new Error("a loop was not started");
  first.fake.mute = true;
  expect([...(await fleet.askAll("subscribers", "a" as never))]).toEqual([[2, 2]]);
  expect(errors).toEqual([]);
  first.fake.mute = false;
  first.fake.faulty = true;
  expect([...(await fleet.askAll("subscribers", "a" as never))]).toEqual([[2, 2]]);
  expect(await fleet.askOne("elsewhere", "a" as never, 100)).toBe(2);
  await fleet.refresh();
  second.fake.mute = true;
  expect(await fleet.askOne("elsewhere", "a" as never, 100)).toBeUndefined();
  const told = (name: string) => `Event loop 1 cannot answer ${name}: cannot read properties of undefined`;
  expect(errors).toEqual(["subscribers", "elsewhere", "state", "elsewhere"].map(told));
  fleet.leave();
});

test("a loop that ends is told, counted and replaced, ever later while it goes on ending", async () => {
  const { fleet, forked, gone, serving, clock } = harness();
  await fleet.open();
  forked[1]?.fake.ended("SIGSEGV");
  await clock.advance(99);
  expect([gone, fleet.missing, forked.length, fleet.ended]).toEqual([[2], 1, 2, { created: 20, moved: 1 }]);
  await clock.advance(1);
  expect([fleet.missing, forked.length, serving]).toEqual([0, 3, [1, 2, 2]]);
  forked[2]?.fake.ended("exit code 1");
  await clock.advance(199);
  expect(forked).toHaveLength(3);
  await clock.advance(1);
  expect([forked.length, gone]).toEqual([4, [2, 2]]);
  fleet.leave();
});

test("a loop that stands still for half a minute is ended, a busy one is not", async () => {
  const { fleet, forked, clock } = harness();
  await fleet.open();
  const [first] = forked;
  if (first === undefined) throw new Error("no loop was started");
  first.fake.mute = true;
  await clock.advance(20_000);
  expect(fleet.silent).toBe(1);
  first.fake.mute = false;
  await clock.advance(20_000);
  expect([first.fake.killed, fleet.silent]).toEqual([false, 0]);
  first.fake.mute = true;
  await clock.advance(33_000);
  expect([first.fake.killed, forked[1]?.fake.killed, forked.length]).toEqual([true, false, 3]);
  fleet.leave();
});

test("a loop that cannot start at the start ends them all", async () => {
  const { fleet, forked } = harness([2]);
  await expect(fleet.open()).rejects.toThrow("cannot listen");
  expect(forked.map(({ fake }) => fake.killed)).toEqual([true, true]);
});

test("a loop that comes up when the end has begun is ended", async () => {
  const { fleet, forked, clock } = harness();
  await fleet.open();
  forked[0]?.fake.ended("SIGSEGV");
  const up = clock.advance(100);
  const seen = async () => {
    while (forked.length < 3) await Promise.resolve();
    fleet.leave();
  };
  await Promise.all([up, seen()]);
  await clock.advance(0);
  expect([forked.length, forked[2]?.fake.killed]).toEqual([3, true]);
});

test("who leaves is not replaced", async () => {
  const { fleet, forked, gone, clock } = harness();
  await fleet.open();
  fleet.leave();
  for (const { fake } of forked) fake.ended("exit code 0");
  await fleet.gone();
  await clock.advance(60_000);
  expect([forked.length, gone]).toEqual([2, []]);
});
