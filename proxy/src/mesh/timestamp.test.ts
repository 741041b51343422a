import { describe, expect, it } from "vitest";
import { readTimestamp } from "./timestamp.ts";

const read = (text: string): number => {
  const bytes = Buffer.from(`<${text}>`);
  return readTimestamp(bytes, 1, bytes.length - 1);
};

describe("readTimestamp", () => {
  it.each([
    "2026-11-23T04:06:00.123456789Z",
    "2026-11-23T04:06:00.123Z",
    "2026-11-23T04:06:00.1Z",
    "2026-11-23T04:06:00.12345Z",
    "2026-11-23T04:06:00Z",
    "2024-02-29T23:59:59.999999999Z",
    "1970-01-01T00:00:00.000000001Z",
    "2026-11-23T04:06:00.123456789+02:00",
  ])("reads %s as Date does", (text) => {
    expect(read(text)).toBe(Date.parse(text));
  });

  it.each(["", "now", "2026-11-23T04:06:0x.123Z"])("takes %j for none", (text) => {
    expect(read(text)).toBeNaN();
  });
});
