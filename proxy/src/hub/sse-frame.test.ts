import { createParser } from "eventsource-parser";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { EventType, Topic } from "./event.ts";
import {
  eventFrame,
  gapFrames,
  idFrame,
  joinFrames,
  keepaliveFrame,
  keepaliveIdFrame,
  primingFrame,
  retryFrame,
} from "./sse-frame.ts";

const utf8 = new TextEncoder();
const textOf = (bytes: Uint8Array): string => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
const frameOf = (data: string) => textOf(eventFrame("5-001", { data: utf8.encode(data) }));

/** An outside judge of what a client sees. */
const parsed = (bytes: Uint8Array) => {
  const events: unknown[] = [];
  const retries: number[] = [];
  const parser = createParser({
    onEvent: ({ id, event, data }) => events.push({ id, event, data }),
    onRetry: (retry) => retries.push(retry),
    onError: (fault) => expect.unreachable(fault.message),
  });
  parser.feed(textOf(bytes));
  return { events, retries };
};

test.each([
  ["x", "data: x\n"],
  ["", "data: \n"],
  [" x", "data:  x\n"],
  ["a\nb", "data: a\ndata: b\n"],
  ["a\r\nb", "data: a\ndata: b\n"],
  ["a\rb", "data: a\ndata: b\n"],
  ["a\n\rb", "data: a\ndata: \ndata: b\n"],
  ["\n", "data: \ndata: \n"],
  ["a\n", "data: a\ndata: \n"],
  ["a\r\n\r\nb", "data: a\ndata: \ndata: b\n"],
  ["\ufeffx", "data: \ufeffx\n"],
  ["a\0b", "data: a\0b\n"],
])("data %j is written line by line", (data, lines) => {
  expect(frameOf(data)).toBe(`id: 5-001\n${lines}\n`);
});

test("type and retry have lines of their own", () => {
  const event = { data: utf8.encode("x"), type: "note" as EventType, retry: 3_000 };
  expect(textOf(eventFrame("5-001", event))).toBe("id: 5-001\nevent: note\nretry: 3000\ndata: x\n\n");
});

test.each([
  [idFrame("5-001"), "id: 5-001\n\n"],
  [keepaliveFrame, ":\n\n"],
  [keepaliveIdFrame("5-001"), ":\nid: 5-001\n\n"],
  [retryFrame(2_000), "retry: 2000\n\n"],
  [primingFrame(2_000, "5-001"), "retry: 2000\nid: 5-001\n\n"],
])("control block %#", (bytes, expected) => {
  expect(textOf(bytes)).toBe(expected);
});

test("a gap names its topic whatever that is called, and is followed by the id", () => {
  const topic = 'a"b\u2028ü' as Topic;
  const gap = { topic, from: null, to: "5-007", reason: "invalid" } as const;
  const [event] = parsed(gapFrames([gap], gap.to)).events as { id: unknown; event: string; data: string }[];
  expect(event).toMatchObject({ id: undefined, event: "revenprox.gap" });
  expect(JSON.parse(event?.data ?? "")).toEqual({ ...gap, recoverable: false });
  expect(textOf(gapFrames([gap], gap.to)).endsWith("\n\nid: 5-007\n\n")).toBe(true);
});

test("a client sees the data that was published, line ends as LF", () => {
  const piece = fc.constantFrom("\r", "\n", "\r\n", "a", " ", ":", "ü", "\u{1f600}", "\ufeff", "data: ", "id: 9", "\0");
  fc.assert(
    fc.property(
      fc.array(
        fc.array(piece).map((pieces) => pieces.join("")),
        { minLength: 1 },
      ),
      (all) => {
        const frames = all.map((data, index) => eventFrame(`5-${index + 100}`, { data: utf8.encode(data) }));
        const expected = all.map((data, index) => ({
          id: `5-${index + 100}`,
          event: undefined,
          data: data.replaceAll(/\r\n|\r/g, "\n"),
        }));
        expect(parsed(joinFrames(frames)).events).toEqual(expected);
      },
    ),
  );
});
