import { expect, test } from "vitest";
import { roomAround, withFrameRoom } from "./frame-room.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (data: Uint8Array | undefined): string => new TextDecoder().decode(data);

test("a frame taken around its data leaves the data as it is", () => {
  const data = withFrameRoom(bytes("abc"));
  const frame = roomAround(data)?.take(4);
  frame?.set(bytes("head"));
  frame?.set(bytes("\n\n"), 7);
  expect([textOf(frame), textOf(data)]).toEqual(["headabc\n\n", "abc"]);
});

test("the room is there once", () => {
  const data = withFrameRoom(bytes("abc"));
  expect(roomAround(data)?.take(4)).toBeDefined();
  expect(roomAround(data)?.take(4)).toBeUndefined();
});

test.each([
  [64, true],
  [65, false],
])("a head of %i bytes fits: %s", (headBytes, fits) => {
  expect(roomAround(withFrameRoom(bytes("abc")))?.take(headBytes) !== undefined).toBe(fits);
});

test.each<[string, (data: Uint8Array) => Uint8Array]>([
  ["of another buffer", (data) => data.slice()],
  ["that begin later", (data) => data.subarray(1)],
  ["that end earlier", (data) => data.subarray(0, 2)],
])("bytes %s have none", (_, part) => {
  expect(roomAround(part(withFrameRoom(bytes("abc"))))).toBeUndefined();
});
