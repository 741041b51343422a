import { expect, test } from "vitest";
import { addTo } from "./event-id.ts";
import { WrittenWindow } from "./written-window.ts";

const written = (...sequences: readonly number[]): WrittenWindow => {
  const window = new WrittenWindow(8);
  window.reset(10);
  for (const sequence of sequences) window.wrote(sequence);
  return window;
};

const proof = (base: number, ...sequences: readonly number[]) => ({
  base,
  count: sequences.length,
  sum: sequences.reduce(addTo, 0),
});

test("what was written since the last comparison is counted and added up, also where it came late", () => {
  const window = written(11, 14, 12);
  expect(window.proofAt(14)).toEqual(proof(10, 11, 12, 14));
  expect(window.proofAt(13)).toEqual(proof(10, 11, 12));
  expect(window.proofAt(14, [12])).toEqual(proof(10, 11, 14));
});

test("where all is settled there is nothing to prove", () => {
  const window = written(11, 14);
  window.settled(12);
  expect(window.proofAt(12)).toBeUndefined();
  expect(window.proofAt(14)).toEqual(proof(12, 14));
  window.settled(11);
  expect(window.proofAt(14)).toEqual(proof(12, 14));
  window.settled(14);
  expect(window.proofAt(14)).toBeUndefined();
});

test("who reads on after what was skipped has all of it; who stands before it proves what was written", () => {
  const window = written(11, 12);
  window.lift(20);
  window.wrote(21);
  expect(window.proofAt(12)).toEqual(proof(0, 11, 12));
  expect(window.proofAt(20)).toBeUndefined();
  expect(window.proofAt(21)).toEqual(proof(20, 21));
});

test("of too many the oldest are forgotten, and nothing is claimed until all of these are settled", () => {
  const window = written(...Array.from({ length: 9 }, (_, index) => 11 + index));
  expect(window.proofAt(19)).toBeUndefined();
  window.settled(11);
  expect(window.proofAt(19)).toBeUndefined();
  window.settled(13);
  expect(window.proofAt(19)).toEqual(proof(13, 14, 15, 16, 17, 18, 19));
});

test("nothing is claimed of what was given up, save to those who are still to be written what is late", () => {
  const window = written(11, 14, 16);
  window.gaveUp(14);
  expect(window.proofAt(12)).toEqual(proof(10, 11));
  expect(window.proofAt(16)).toEqual(proof(14, 16));
  expect(window.proofAt(16, [11])).toEqual(proof(10, 14, 16));
});
