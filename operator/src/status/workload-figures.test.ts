import { describe, expect, test } from "vitest";
import { settledInput } from "../testing/live.ts";
import { next } from "../testing/status-case.contract.ts";
import { status } from "./index.ts";

describe("connections and topics", () => {
  const figures = (old: readonly [number, number] | undefined, now: readonly [number, number] | undefined) => {
    const input = settledInput({});
    const former = old === undefined ? {} : { connections: old[0], topics: old[1] };
    const workload = now === undefined ? undefined : { connections: now[0], topics: now[1] };
    const { connections, topics } = status({ ...next(input, former, input.now), workload });
    return [connections, topics];
  };
  test.each([
    ["first known", undefined, [7, 2], [7, 2]],
    ["unknown and never known", undefined, undefined, [undefined, undefined]],
    ["unknown this time", [7, 2], undefined, [7, 2]],
    ["5 % is no change", [1_000, 100], [1_050, 100], [1_000, 100]],
    ["more than 5 % is", [1_000, 100], [1_051, 101], [1_051, 101]],
    ["one of both suffices", [1_000, 100], [1_001, 106], [1_001, 106]],
    ["to nothing", [1, 1], [0, 0], [0, 0]],
    ["from nothing", [0, 0], [1, 1], [1, 1]],
  ] as const)("%s", (_, old, now, shown) => expect(figures(old, now)).toEqual(shown));

  test("without pods there is none", () => {
    const input = settledInput({ replicas: 0 });
    expect(status(next(input, { connections: 9, topics: 9 }, input.now))).toMatchObject({ connections: 0, topics: 0 });
  });
});
