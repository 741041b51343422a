import { describe, expect, it } from "vitest";
import type { EventType } from "../hub/event.ts";
import { readEvent, writeHeaders } from "./event-message.ts";
import { type JournalHeaders, scanHeaders } from "./raw-headers.ts";

const utf8 = new TextEncoder();
const none = scanHeaders(new Uint8Array(0));
const data = utf8.encode("data");

describe("readEvent", () => {
  it("copies the data, for the bytes it came in are reused", () => {
    const bytes = utf8.encode("data");
    const read = readEvent(none, bytes, 0);
    bytes.fill(0);
    expect(read).toEqual({ kind: "event", event: { data } });
  });

  it.each<[string, Partial<JournalHeaders>, Uint8Array, string]>([
    ["more server headers than the server adds", { serverHeaders: 6 }, data, "forged-headers"],
    ["fewer", { serverHeaders: 4 }, data, "forged-headers"],
    ["data that is not UTF-8", {}, new Uint8Array([0xc3]), "data-not-utf8"],
    ["a reserved type", { eventType: utf8.encode("revenprox.gap") }, data, "event-type"],
    ["a type that is not UTF-8", { eventType: new Uint8Array([0xff]) }, data, "event-type"],
    ["a type with a line feed", { eventType: utf8.encode("a\nb") }, data, "event-type"],
    ["a retry that is no number", { retry: "1e3" }, data, "retry"],
    ["a negative retry", { retry: "-1" }, data, "retry"],
    ["an empty retry", { retry: "" }, data, "retry"],
  ])("refuses %s", (_, headers, bytes, reason) => {
    const read = readEvent({ ...none, serverHeaders: 5, ...headers }, bytes, 5);
    expect(read).toEqual({ kind: "malformed", reason });
  });

  it.each([
    ["1", 1_000],
    ["5000", 5_000],
    ["99999999", 60_000],
  ])("clamps a retry of %s", (retry, expected) => {
    expect(readEvent({ ...none, retry }, data, 0)).toMatchObject({ event: { retry: expected } });
  });

  it("takes an empty type as the default one", () => {
    expect(readEvent({ ...none, eventType: new Uint8Array(0) }, data, 0)).toEqual({ kind: "event", event: { data } });
  });

  it("reads what writeHeaders wrote", () => {
    const headers = writeHeaders({ data, type: "gr\u00fcn" as EventType, retry: 2_000 }, "id");
    expect(readEvent(scanHeaders(headers.encode()), data, 0)).toEqual({
      kind: "event",
      event: { data, type: "gr\u00fcn", retry: 2_000 },
    });
    expect(headers.get("Nats-Msg-Id")).toBe("id");
  });
});
