import fc from "fast-check";
import { expect, test } from "vitest";
import { PieceWriter } from "./piece-writer.ts";

const limit = 40;

test("whatever the socket takes, all bytes go out once, in order and in small pieces", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), fc.infiniteStream(fc.boolean()), (inputs, takes) => {
      const out: number[] = [];
      let full = false;
      const writeChunk = (piece: Uint8Array): boolean => {
        expect(full, "nothing is written to a full socket").toBe(false);
        expect(piece.length).toBeLessThanOrEqual(limit);
        out.push(...piece);
        full = takes.next().value === false;
        return !full;
      };
      const writer = new PieceWriter({ writeChunk }, limit);
      const drain = (): void => {
        do full = false;
        while (!writer.resume());
      };
      for (const input of inputs) if (!writer.write(input)) drain();
      expect(out).toEqual(inputs.flatMap((input) => [...input]));
    }),
  );
});

test("what is held goes out with the next resume, in order and with room for the headers", () => {
  const pieces: Uint8Array[] = [];
  const writer = new PieceWriter({ writeChunk: (piece) => pieces.push(piece) > 0 }, limit);
  const bytes = Uint8Array.from({ length: 60 }, (_, index) => index);
  expect([writer.hold(bytes.subarray(0, 25)), writer.write(bytes.subarray(25)), writer.waiting]).toEqual([
    false,
    false,
    true,
  ]);
  expect(pieces).toEqual([]);
  expect(writer.resume(10)).toBe(true);
  expect(pieces.flatMap((piece) => [...piece])).toEqual([...bytes]);
  expect(pieces[0]?.length).toBeLessThanOrEqual(limit - 10);
});

test("what comes while a rest waits goes behind it", () => {
  const out: number[] = [];
  let takes = false;
  const writeChunk = (piece: Uint8Array): boolean => {
    out.push(...piece);
    return takes;
  };
  const writer = new PieceWriter({ writeChunk }, 22);
  expect([writer.write(Uint8Array.of(1, 2, 3)), writer.write(Uint8Array.of(4)), out]).toEqual([false, false, [1, 2]]);
  takes = true;
  expect([writer.resume(), out]).toEqual([true, [1, 2, 3, 4]]);
});

test("headers in the first cork leave less room for it", () => {
  const sizes: number[] = [];
  const writer = new PieceWriter({ writeChunk: (piece) => sizes.push(piece.length) > 0 }, 120);
  writer.write(new Uint8Array(250), 60);
  expect(sizes).toEqual([40, 100, 100, 10]);
});

test("only the piece that a write ends with is followed by a comment", () => {
  const whole: boolean[] = [];
  let takes = true;
  const writeChunk = (_piece: Uint8Array, isWhole: boolean): boolean => {
    whole.push(isWhole);
    return takes;
  };
  const writer = new PieceWriter({ writeChunk }, 22);
  writer.write(new Uint8Array(4));
  takes = false;
  writer.write(new Uint8Array(4));
  writer.nudge();
  writer.nudge();
  expect(whole).toEqual([false, true, false, false, true]);
});
