import { expect, test } from "vitest";
import { ManualClock } from "../hub/testing/manual-clock.ts";
import { CallFailed, CallLine, CallUnanswered } from "./call-line.ts";

interface Calls {
  readonly double: readonly [number, number];
  readonly fail: readonly [undefined, undefined];
  readonly never: readonly [undefined, undefined];
  readonly note: readonly [string, undefined];
}

const pair = () => {
  const clock = new ManualClock();
  const notes: string[] = [];
  const faults: unknown[] = [];
  const parts = { after: clock.after.bind(clock), onFault: (fault: unknown) => faults.push(fault) };
  const here: CallLine<Calls> = new CallLine<Calls>(
    { ...parts, send: (message) => queueMicrotask(() => there.receive(structuredClone(message))) },
    {},
  );
  const there: CallLine<Record<never, never>> = new CallLine(
    { ...parts, send: (message) => queueMicrotask(() => here.receive(structuredClone(message))) },
    {
      double: (value: number) => value * 2,
      fail: () => Promise.reject(new Error("it broke")),
      never: () => new Promise(() => undefined),
      note: (text: string) => {
        if (text === "") throw new Error("nothing to note");
        notes.push(text);
      },
    },
  );
  return { here, clock, notes, faults };
};

test("a question is answered, each with its own answer", async () => {
  const { here } = pair();
  expect(await Promise.all([here.ask("double", 2, 100), here.ask("double", 5, 100)])).toEqual([4, 10]);
});

test("a fault of the other side is told with its words", async () => {
  await expect(pair().here.ask("fail", undefined, 100)).rejects.toThrow(new CallFailed("it broke"));
});

test("who waits too long, or for one that is gone, is told so", async () => {
  const { here, clock } = pair();
  const late = here.ask("never", undefined, 100);
  void clock.advance(100);
  await expect(late).rejects.toThrow(CallUnanswered);
  const cut = here.ask("never", undefined, 100);
  here.close();
  await expect(cut).rejects.toThrow(CallUnanswered);
  await expect(here.ask("double", 1, 100)).rejects.toThrow(CallUnanswered);
});

test("what is only told gets no answer, and its fault stays on the other side", async () => {
  const { here, notes, faults } = pair();
  here.tell("note", "a");
  here.tell("note", "");
  await here.ask("double", 1, 100);
  expect([notes, faults]).toEqual([["a"], [new Error("nothing to note")]]);
});
