import { expect, test } from "vitest";
import { ChunkFraming } from "./chunk-framing.ts";

test("bytes become one chunk, and the same bytes the same one", () => {
  const framing = new ChunkFraming();
  const bytes = new TextEncoder().encode("data: x\n\n".repeat(2));
  const chunk = framing.chunk(bytes);
  expect(chunk.toString()).toBe("12\r\ndata: x\n\ndata: x\n\n\r\n");
  expect(framing.chunk(bytes)).toBe(chunk);
  expect(framing.chunk(bytes.slice()).equals(chunk)).toBe(true);
});
