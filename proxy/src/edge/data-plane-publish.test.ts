import { expect, test } from "vitest";
import type { PublishOutcome } from "../hub/ports.ts";
import type { Access, AccessRefusal, PublishAllowed } from "./access.ts";
import type { DataPlaneParts } from "./data-plane.ts";
import { type Asked, ask, callers, codeOf, headerOf, parts, readers } from "./testing/asked.ts";

const batch = (body: string, headers: Asked["headers"] = {}): Asked => ({
  path: "/events/a",
  method: "POST",
  body,
  headers: { "content-type": "application/x-ndjson", ...headers },
});

test.each<[string, Asked, number, string, string]>([
  ["a line that is not JSON", batch('{"data":"1"}\n{"data":'), 400, "event_invalid", "line 2: the line is not JSON"],
  ["an unknown key", batch('\n{"data":"1","x":1}\n'), 400, "event_invalid", 'line 2: unknown key "x"'],
  ["a reserved type", batch('{"data":"1","event":"revenprox.gap"}'), 422, "event_type_reserved", "line 1: "],
  ["a bad key of a line", batch('{"data":"1","idempotency_key":" "}'), 400, "idempotency_key_invalid", "line 1: "],
  ["a long line", batch(`{"data":"${"x".repeat(1_024)}"}`), 413, "event_too_large", "line 1: max_event_size"],
  ["too many lines", batch('{"data":"1"}\n'.repeat(4)), 413, "batch_too_large", "max_batch_events is 3"],
  ["no line", batch("\n \r\n"), 400, "event_invalid", "the batch has no line"],
  ["announced too large", batch("", { "content-length": "8388609" }), 413, "batch_too_large", "8388608 bytes"],
  ["a bad key of the header", batch('{"data":"1"}', { "idempotency-key": "ü" }), 400, "idempotency_key_invalid", ""],
])("a batch with %s is refused as a whole", async (...[, asked, status, code, detail]) => {
  const publishBatch = () => Promise.reject(new Error("published"));
  const got = await ask(asked, { hub: { ...parts().hub, publishBatch } });
  expect([got.status, codeOf(got)]).toEqual([status, code]);
  expect(JSON.parse(String(got.body)).detail).toContain(detail);
});

test("a batch is answered line by line, in order", async () => {
  const got = await ask(batch('{"data":"1"}\r\n\n{"data":"2","event":"tick"}\n'), {
    hub: {
      ...parts().hub,
      publishBatch: async (_topic, lines) => ({
        kind: "results",
        results: lines.map(({ event }, index) =>
          event.type === "tick" ? { kind: "conflict" } : { kind: "stored", cursor: { epoch: 1, sequence: index + 1 } },
        ),
      }),
    },
  });
  expect([got.status, JSON.parse(String(got.body))]).toEqual([
    202,
    { results: [{ id: "1-001" }, { error: expect.objectContaining({ code: "idempotency_conflict", status: 422 }) }] },
  ]);
});

test("message ids depend on the topic, the publisher, the key and the line, and on nothing else", async () => {
  const seen: (string | undefined)[] = [];
  const hub: DataPlaneParts["hub"] = {
    ...parts().hub,
    publish: async (_topic, _event, messageId) => {
      seen.push(messageId);
      return { kind: "conflict" };
    },
    publishBatch: async (_topic, lines) => {
      seen.push(...lines.map(({ messageId }) => messageId));
      return { kind: "unavailable" };
    },
  };
  const one = (topic: string, key: string, authorization: string, body: string) =>
    ask({ path: topic, method: "POST", body, headers: { "idempotency-key": key, authorization } }, { hub });
  const conflict = await one("/events/a", "k", "Bearer p", "1");
  expect([conflict.status, codeOf(conflict)]).toEqual([422, "idempotency_conflict"]);
  await one("/events/a", "k", "Bearer p", "2");
  expect(seen[0]).toMatch(/^key-[\w-]{43}$/);
  expect(seen[1]).toBe(seen[0]);
  await one("/events/b", "k", "Bearer p", "1");
  await one("/events/a", "l", "Bearer p", "1");
  await one("/events/a", "k", "Bearer q", "1");
  const lines = '{"data":"1"}\n{"data":"1"}\n{"data":"1","idempotency_key":"own"}';
  await ask(batch(lines, { "idempotency-key": "k", authorization: "Bearer p" }), { hub });
  expect(new Set(seen).size).toBe(seen.length - 1);
  seen.length = 0;
  await ask(batch('{"data":"1"}\n{"data":"1","idempotency_key":"own"}'), { hub });
  expect(seen).toEqual([undefined, expect.any(String)]);
});

test.each<[PublishOutcome, number, string | undefined, string | undefined]>([
  [{ kind: "unavailable" }, 503, "journal_unavailable", "2"],
  [{ kind: "unknown" }, 503, "journal_unknown", "2"],
  [{ kind: "busy" }, 503, "journal_busy", "1"],
  [{ kind: "too-large", limit: 9 }, 413, "event_too_large", undefined],
])("a publish that ended %j", async (outcome, status, code, retryAfter) => {
  const got = await ask(
    { path: "/events/a", method: "POST", body: "x" },
    { hub: { ...parts().hub, publish: async () => outcome } },
  );
  expect([got.status, codeOf(got), headerOf(got, "Retry-After")]).toEqual([status, code, retryAfter]);
  expect(headerOf(got, "Access-Control-Expose-Headers")).toBe(retryAfter === undefined ? undefined : "Retry-After");
});

test("a stored publish answers with the id", async () => {
  const got = await ask({ path: "/events/a", method: "POST", body: "x" });
  expect([got.status, got.body]).toEqual([202, '{"id":"1703894400000-001"}\n']);
});

test.each<[PublishAllowed | AccessRefusal, number, string | undefined]>([
  [{ kind: "allowed", publisher: "key a" }, 202, undefined],
  [{ kind: "missing", reason: "r" }, 401, "credentials_missing"],
  [{ kind: "invalid", reason: "r" }, 401, "credentials_invalid"],
  [{ kind: "denied", reason: "r", topics: ["a"] }, 403, "permission_denied"],
  [{ kind: "unavailable", reason: "r", retryAfterSec: 7 }, 503, "verifier_unavailable"],
])("a publish whose credentials are %j: %i", async (verdict, status, code) => {
  const access: Access = { ...readers.access, forPublish: async () => verdict };
  const got = await ask(
    { path: "/events/a", method: "POST", body: "x" },
    { access: { kind: "credentials", access, callers } },
  );
  expect([got.status, code === undefined ? undefined : codeOf(got)]).toEqual([status, code]);
  expect(headerOf(got, "WWW-Authenticate")).toBe(status === 401 ? "Bearer" : undefined);
  expect(headerOf(got, "Retry-After")).toBe(status === 503 ? "7" : undefined);
});

test("a foreign page may not publish where no key is asked for", async () => {
  const headers = { host: "localhost:8080", origin: "https://evil.example" };
  const got = await ask(
    { path: "/events/a", method: "POST", body: "x", headers },
    { access: { kind: "foreign-pages-refused" } },
  );
  expect([got.status, codeOf(got)]).toEqual([403, "origin_denied"]);
});
