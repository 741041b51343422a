import { MsgHdrsImpl } from "@nats-io/nats-core/internal";
import { describe, expect, it } from "vitest";
import type { EventType } from "../hub/event.ts";
import { readEvent, writeHeaders } from "./event-message.ts";
import { type JournalHeaders, scanHeaders } from "./raw-headers.ts";

const utf8 = new TextEncoder();
const none = scanHeaders(new Uint8Array(0));
const data = Buffer.from("data");
const rules = { serverHeaders: 0, mostBytes: 100 };

describe("readEvent", () => {
  it("copies the data, for the bytes it came in are reused", () => {
    const bytes = utf8.encode("data");
    const read = readEvent(none, bytes, rules);
    bytes.fill(0);
    expect(read).toEqual({ kind: "event", event: { data } });
  });

  it.each<[string, Partial<JournalHeaders>, Uint8Array, string]>([
    ["more server headers than the server adds", { serverHeaders: 6 }, data, "forged-headers"],
    ["fewer", { serverHeaders: 4 }, data, "forged-headers"],
    ["more data than an event may have", {}, new Uint8Array(101), "too-large"],
    ["data that is not UTF-8", {}, new Uint8Array([0xc3]), "data-not-utf8"],
    ["a reserved type", { eventType: utf8.encode("revenprox.gap") }, data, "event-type"],
    ["a type that is not UTF-8", { eventType: new Uint8Array([0xff]) }, data, "event-type"],
    ["a type with a line feed", { eventType: utf8.encode("a\nb") }, data, "event-type"],
    ["a retry that is no number", { retry: "1e3" }, data, "retry"],
    ["a negative retry", { retry: "-1" }, data, "retry"],
    ["an empty retry", { retry: "" }, data, "retry"],
  ])("refuses %s", (_, headers, bytes, reason) => {
    const read = readEvent({ ...none, serverHeaders: 5, ...headers }, bytes, { ...rules, serverHeaders: 5 });
    expect(read).toEqual({ kind: "malformed", reason });
  });

  it.each([
    ["1", 1_000],
    ["5000", 5_000],
    ["99999999", 60_000],
  ])("clamps a retry of %s", (retry, expected) => {
    expect(readEvent({ ...none, retry }, data, rules)).toMatchObject({ event: { retry: expected } });
  });

  it("takes an empty type as the default one", () => {
    expect(readEvent({ ...none, eventType: new Uint8Array(0) }, data, rules)).toEqual({
      kind: "event",
      event: { data },
    });
  });

  it.each(["gr\u00fcn", " revenprox.gap", "trail\t", "\ufeffmark"])("reads what writeHeaders wrote: %j", (text) => {
    const type = text as EventType;
    const headers = writeHeaders({ data, type, retry: 2_000 }, "id");
    expect(readEvent(scanHeaders(Buffer.from(headers)), data, rules)).toEqual({
      kind: "event",
      event: { data, type, retry: 2_000 },
    });
    expect(MsgHdrsImpl.decode(Buffer.from(headers)).get("Nats-Msg-Id")).toBe("id");
  });

  it.each([true, false])("carries a trace; decided by a proxy: %s", (decided) => {
    const trace = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", decided };
    const headers = writeHeaders({ data, trace }, "id");
    expect(MsgHdrsImpl.decode(Buffer.from(headers)).get("traceparent")).toBe(trace.traceparent);
    expect(readEvent(scanHeaders(Buffer.from(headers)), data, rules)).toEqual({
      kind: "event",
      event: { data, trace },
    });
  });

  it("reads no trace header that is longer than any can be", () => {
    const headers = writeHeaders({ data, trace: { traceparent: `00-${"a".repeat(100)}`, decided: false } }, "id");
    expect(readEvent(scanHeaders(Buffer.from(headers)), data, rules)).toEqual({ kind: "event", event: { data } });
  });

  it("writes no value that would begin a header of its own", () => {
    expect(() => writeHeaders({ data }, "id\r\nNats-Expected-Stream: x")).toThrow(TypeError);
  });
});
