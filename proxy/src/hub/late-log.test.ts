import { expect, test } from "vitest";
import { LateLog, noteRead } from "./late-log.ts";
import { noStreams, Stream } from "./stream.ts";
import { RecordingSink } from "./testing/recording-sink.ts";

const ignore = (): void => undefined;
const nobody = { counts: noStreams(), writable: ignore, closed: ignore, keepalive: ignore, leave: ignore };

const streamAt = (log: LateLog, begin: number, cursor: number): Stream => {
  const stream = new Stream(nobody, new RecordingSink(), 0, { lastEventId: undefined });
  stream.cursor = cursor;
  stream.late = log.placeAfter(begin);
  return stream;
};

/** More than the log keeps, at the sequences 101 to 500. */
const overfill = (log: LateLog): void => {
  for (let sequence = 101; sequence <= 500; sequence += 1)
    log.add({ kind: "event", sequence, end: sequence, size: 1, bytes: () => new Uint8Array(1) });
};

test.each<[string, number, number, readonly [number, number][], unknown]>([
  ["has gone past what is forgotten", 0, 600, [], { from: 100, to: 244 }],
  ["has gone past some of it", 0, 150, [], { from: 100, to: 150 }],
  ["began in its midst", 200, 600, [], { from: 200, to: 244 }],
  ["began behind it", 300, 600, [], undefined],
  ["has not got so far", 0, 90, [], undefined],
  ["has read it", 50, 600, [[50, 400]], undefined],
  [
    "has read it in two steps",
    50,
    600,
    [
      [50, 120],
      [120, 400],
    ],
    undefined,
  ],
  ["has read up to its own place", 50, 180, [[50, 180]], undefined],
  ["has read some of it", 50, 600, [[50, 180]], { from: 100, to: 244 }],
])(
  "a stream that is slower than the log is long is told only what it may lack: it %s",
  (...[, begin, cursor, read, lost]) => {
    const log = new LateLog();
    const stream = streamAt(log, begin, cursor);
    for (const [from, to] of read) if (stream.late !== undefined) noteRead(stream.late, { from, to }, 0);
    overfill(log);
    expect(log.lostBy(stream)).toEqual(lost);
    expect(log.lostBy(stream)).toBeUndefined();
  },
);

test("a stream that comes later, or after the log was cleared, lacks nothing", () => {
  const log = new LateLog();
  const slow = streamAt(log, 0, 600);
  overfill(log);
  expect(log.lostBy(streamAt(log, 0, 600))).toBeUndefined();
  log.clear();
  expect(log.lostBy(slow)).toBeUndefined();
});
