import { expect, test } from "vitest";
import { createRepeatLimit, leftOutLine, linesPerKind } from "./log-repeats.ts";

const limited = () => {
  const waiting: (() => void)[] = [];
  const told: string[] = [];
  const admits = createRepeatLimit({
    after: (_, action) => void waiting.push(action),
    leftOut: (level, lines, seconds, like) => told.push(`${level} ${leftOutLine(lines, seconds, like)}`),
  });
  const endWindow = (): void => {
    for (const action of waiting.splice(0)) action();
  };
  return { admits, told, endWindow };
};

test("of lines that say the same only the first is written, and the others are told as a number", () => {
  const { admits, told, endWindow } = limited();
  const written = Array.from({ length: 10_000 }, () => admits("warn", "Rate limit exceeded for IP 10.0.0.1"));
  expect(written.filter(Boolean)).toHaveLength(1);
  endWindow();
  expect(told).toEqual(["warn 9999 more lines in 10 s like: Rate limit exceeded for IP 10.0.0.1"]);
  expect(admits("warn", "Rate limit exceeded for IP 10.0.0.1")).toBe(true);
  endWindow();
  expect(told).toHaveLength(1);
});

test("lines that differ in a number or an address are of one kind, and have an allowance together", () => {
  const { admits, told, endWindow } = limited();
  const lines = Array.from({ length: 10_000 }, (_, index) => `Rate limit exceeded for IP fe80::${index.toString(16)}`);
  expect(lines.filter((line) => admits("warn", line))).toHaveLength(linesPerKind);
  endWindow();
  expect(told).toEqual([`warn ${10_000 - linesPerKind} more lines in 10 s like: ${lines[0]}`]);
});

test("other kinds and other levels have allowances of their own", () => {
  const { admits } = limited();
  for (let index = 0; index < 100; index += 1) admits("warn", `Lost ${index}`);
  expect([admits("warn", "Lost 100"), admits("error", "Lost 100"), admits("warn", "Found 100")]).toEqual([
    false,
    true,
    true,
  ]);
});

test("however many kinds there are, memory is bounded and lines are too", () => {
  const { admits } = limited();
  const kind = (index: number): string => [...String(index)].map((digit) => "abcdefghij"[Number(digit)]).join("");
  const written = Array.from({ length: 10_000 }, (_, index) => admits("warn", kind(index))).filter(Boolean);
  expect(written.length).toBe(1_000 + linesPerKind);
});
