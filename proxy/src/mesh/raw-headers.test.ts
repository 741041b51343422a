import { describe, expect, it } from "vitest";
import { scanHeaders } from "./raw-headers.ts";

const block = (...lines: string[]): Uint8Array => new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`);

describe("scanHeaders", () => {
  it("reads what the server says of a message", () => {
    const headers = scanHeaders(
      block(
        "NATS/1.0",
        "Nats-Stream: S",
        "Nats-Subject: a.in.b",
        "Nats-Sequence: 42",
        "Nats-Time-Stamp: 2026-11-23T04:06:00.123456789Z",
        "Nats-Last-Sequence: 40",
      ),
    );
    expect(headers).toMatchObject({
      status: 0,
      subject: "a.in.b",
      sequence: 42,
      lastSequence: 40,
      timestamp: Date.parse("2026-11-23T04:06:00.123Z"),
      serverHeaders: 5,
      retry: undefined,
      traceparent: undefined,
      traced: false,
      eventType: undefined,
    });
  });

  it("takes the last of several values and counts them all", () => {
    const headers = scanHeaders(block("NATS/1.0", "Nats-Sequence: 1", "X: y", "Nats-Sequence: 7"));
    expect(headers).toMatchObject({ sequence: 7, serverHeaders: 2 });
  });

  it.each([
    ["a header of another case", "nats-sequence: 9"],
    ["a name inside a value", "X: Nats-Sequence: 9"],
    ["a line without colon", "Nats-Sequence 9"],
    ["a line feed inside a value", "X: a\nNats-Sequence: 9"],
  ])("is not taken in by %s", (_, line) => {
    expect(scanHeaders(block("NATS/1.0", line))).toMatchObject({ sequence: 0, serverHeaders: 0 });
  });

  it.each([
    ["NATS/1.0 404 Message Not Found", 404],
    ["NATS/1.0 204 EOB", 204],
    ["NATS/1.0 503", 503],
    ["NATS/1.0", 0],
    ["NATS/1.0  ", 0],
  ])("reads the status of %s", (line, status) => {
    expect(scanHeaders(block(line)).status).toBe(status);
  });

  it("reads how a batch ended", () => {
    const end = scanHeaders(block("NATS/1.0 204 EOB", "Nats-Num-Pending: 3", "Nats-UpTo-Sequence: 99"));
    expect(end).toMatchObject({ status: 204, pending: 3, upTo: 99 });
  });

  it("reads the publisher's event headers, bytes as they are", () => {
    const headers = scanHeaders(block("NATS/1.0", "Revenprox-Event: gr\u00fcn", "Revenprox-Retry:5000"));
    expect(headers.eventType).toEqual(new TextEncoder().encode("gr\u00fcn"));
    expect(headers.retry).toBe("5000");
    expect(headers.serverHeaders).toBe(0);
  });

  it("reads nothing of a message without headers", () => {
    expect(scanHeaders(new Uint8Array(0))).toMatchObject({ status: 0, sequence: 0, serverHeaders: 0 });
  });
});
