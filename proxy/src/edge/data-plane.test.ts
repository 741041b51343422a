import { expect, test } from "vitest";
import type { Answer, ResponseHeaders } from "../http/answer.ts";
import { problemAnswer } from "../http/problem.ts";
import { refusing } from "../http/refusals.ts";
import type { Topic } from "../hub/event.ts";
import type { PublishOutcome } from "../hub/ports.ts";
import type { Access, AccessRefusal, PublishAllowed } from "./access.ts";
import { type DataPlaneParts, dataPlane } from "./data-plane.ts";
import type { Body, Exchange, RequestHeader } from "./exchange.ts";
import { topicIdOf } from "./topic-id.ts";

const silent = () => undefined;
const streamBounds = { maxTopicsPerStream: 3, maxReplayEvents: 10 };

interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly query?: string;
  readonly headers?: Partial<Record<RequestHeader, string>>;
  readonly body?: Body | string;
}

const callers = { allowQueryToken: () => true, clientOf: () => "127.0.0.1" };
const readers: DataPlaneParts["readers"] = {
  access: { forSubscribe: async () => ({ kind: "allowed", token: undefined, watch: () => silent }) },
  callers,
  retryMs: () => 2_000,
};

const parts = (changes: Partial<DataPlaneParts> = {}): DataPlaneParts => ({
  hub: {
    open: () => ({ writable: silent, closed: silent }),
    publish: async () => ({ kind: "stored", cursor: { epoch: 1_703_894_400_000, sequence: 1 } }),
    publishBatch: async () => ({ kind: "unavailable" }),
  },
  access: { kind: "open" },
  readers,
  settings: () => ({ maxEventSize: 1_024, maxBatchEvents: 3, corsAllowedOrigins: "*", ...streamBounds }),
  health: () => ({ status: "healthy", connections: 0, uptime_seconds: 0 }),
  metrics: async () => ({ contentType: "text/plain; version=0.0.4", text: "m 1\n" }),
  refuse: problemAnswer,
  log: { debug: silent, info: silent, warn: silent, error: silent },
  ...changes,
});

type Got = Answer & { readonly streamed: boolean };

const ask = (asked: Asked, changes: Partial<DataPlaneParts> = {}): Promise<Got> =>
  new Promise((resolve) => {
    const body = asked.body ?? "";
    const exchange: Exchange = {
      method: asked.method ?? "GET",
      path: asked.path,
      query: asked.query ?? "",
      header: (name) => asked.headers?.[name],
      origin: () => ({ peer: "127.0.0.1", proxied: undefined, forwardedFor: undefined, forwarded: undefined }),
      readBody: async () =>
        typeof body === "string" ? { kind: "bytes", bytes: new TextEncoder().encode(body) } : body,
      respond: (answer) => resolve({ ...answer, streamed: false }),
      stream: (headers: ResponseHeaders, open) => {
        const opened = open({ write: () => true, end: silent });
        resolve(
          "writable" in opened ? { status: 200, headers, body: "", streamed: true } : { ...opened, streamed: false },
        );
      },
    };
    dataPlane(parts(changes))(exchange);
  });

const codeOf = (answer: Answer): unknown => JSON.parse(String(answer.body)).code;
const headerOf = (answer: Answer, name: string): string | undefined =>
  answer.headers.find(([key]) => key === name)?.[1];

test("a subscription streams with headers that no proxy may misread", async () => {
  const got = await ask({ path: "/events/a" });
  expect(got.streamed).toBe(true);
  expect(Object.fromEntries(got.headers)).toEqual({
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",
    "Referrer-Policy": "no-referrer",
    "Access-Control-Allow-Origin": "*",
    Connection: "close",
  });
});

test.each<[path: string, query: string, header: string, opened: readonly [string, string | undefined]]>([
  ["/events/a%2Fb/c%20d", "", "", ["a/b/c d", undefined]],
  ["/events/%C3%BC", "lastEventId=1-001", "", ["ü", "1-001"]],
  ["/events/a", "lastEventId=1-001", "1-002", ["a", "1-002"]],
  ["/events/../x", "", "", ["../x", undefined]],
])("%s?%s with Last-Event-ID %j", async (path, query, header, [topic, lastEventId]) => {
  const opened: unknown[] = [];
  const open: DataPlaneParts["hub"]["open"] = (request) => {
    opened.push(request);
    return { writable: silent, closed: silent };
  };
  await ask(
    { path, query, headers: header === "" ? {} : { "last-event-id": header } },
    { hub: { ...parts().hub, open } },
  );
  const topics = [{ topic, topicId: topicIdOf(topic as Topic) }];
  expect(opened).toEqual([{ topics, lastEventId, bootstrap: undefined, encoding: "plain" }]);
});

test("a topic's id is the first half of its SHA-256", () => {
  expect(topicIdOf("abc" as Topic)).toBe("ba7816bf8f01cfea414140de5dae2223");
});

test.each<[string, Asked, number, string]>([
  ["no topic", { path: "/events/" }, 400, "topic_invalid"],
  ["malformed escape", { path: "/events/%zz" }, 400, "topic_invalid"],
  ["escape that is not UTF-8", { path: "/events/%ff" }, 400, "topic_invalid"],
  ["raw byte that is not UTF-8", { path: "/events/\ufffd" }, 400, "topic_invalid"],
  ["NUL", { path: "/events/a%00" }, 400, "topic_invalid"],
  ["513 bytes", { path: `/events/${"x".repeat(513)}` }, 400, "topic_invalid"],
  ["unknown path", { path: "/event/a" }, 404, "path_unknown"],
  ["unknown method", { path: "/events/a", method: "DELETE" }, 405, "method_not_allowed"],
  ["publish to a bad topic", { path: "/events/%00", method: "POST" }, 400, "topic_invalid"],
  [
    "announced too large",
    { path: "/events/a", method: "POST", headers: { "content-length": "1025" } },
    413,
    "event_too_large",
  ],
  ["turned out too large", { path: "/events/a", method: "POST", body: { kind: "too-large" } }, 413, "event_too_large"],
  [
    "not JSON",
    { path: "/events/a", method: "POST", body: "{", headers: { "content-type": "application/json" } },
    400,
    "event_invalid",
  ],
])("%s", async (_name, asked, status, code) => {
  const got = await ask(asked);
  expect([got.status, codeOf(got), headerOf(got, "Content-Type")]).toEqual([status, code, "application/problem+json"]);
});

test("a refused method names the allowed ones", async () => {
  expect(headerOf(await ask({ path: "/events/a", method: "PUT" }), "Allow")).toBe("GET, HEAD, POST, OPTIONS");
});

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
});

test("a stored publish answers with the id", async () => {
  const got = await ask({ path: "/events/a", method: "POST", body: "x" });
  expect([got.status, got.body]).toEqual([202, '{"id":"1703894400000-001"}\n']);
});

test.each(["connections_exhausted", "draining"] as const)("a stream refused as %s", async (refused) => {
  const got = await ask({ path: "/events/a" }, { hub: { ...parts().hub, open: () => ({ refused }) } });
  expect([got.status, codeOf(got), got.streamed]).toEqual([503, refused, false]);
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

test("a preflight allows what clients send", async () => {
  const got = await ask({ path: "/events/a", method: "OPTIONS", headers: { origin: "https://app.example" } });
  expect(got.status).toBe(204);
  for (const name of ["last-event-id", "authorization", "content-type", "cache-control", "idempotency-key"]) {
    expect(headerOf(got, "Access-Control-Allow-Headers")).toContain(name);
  }
});

test.each([
  ["https://a.example", "https://a.example"],
  ["https://b.example", undefined],
  [undefined, undefined],
])("origin %s is allowed as %s", async (origin, allowed) => {
  const settings = () => ({
    maxEventSize: 1,
    maxBatchEvents: 1,
    ...streamBounds,
    corsAllowedOrigins: "https://a.example, https://c.example",
  });
  const got = await ask({ path: "/events/a", headers: origin === undefined ? {} : { origin } }, { settings });
  expect([headerOf(got, "Access-Control-Allow-Origin"), headerOf(got, "Vary")]).toEqual([allowed, "Origin"]);
});

test.each<[string, Asked, Partial<DataPlaneParts["hub"]>]>([
  [
    "publish",
    { path: "/events/a", method: "POST", body: "x" },
    {
      publish: async () => {
        throw new Error("boom");
      },
    },
  ],
  [
    "open a stream",
    { path: "/events/a" },
    {
      open: () => {
        throw new Error("boom");
      },
    },
  ],
])(
  "a fault of the hub's while it is to %s is this request's alone: answered, logged and counted",
  async (_, asked, hub) => {
    const lines: string[] = [];
    const counted: string[] = [];
    const changes: Partial<DataPlaneParts> = {
      hub: { ...parts().hub, ...hub },
      log: { ...parts().log, error: (line) => void lines.push(line) },
      refuse: refusing({ refused: (reason) => void counted.push(reason), rejected: silent }),
    };
    const got = await ask(asked, changes);
    expect([got.status, codeOf(got), headerOf(got, "Content-Type")]).toEqual([
      500,
      "internal_error",
      "application/problem+json",
    ]);
    expect([lines.length, lines[0]?.includes("boom"), counted]).toEqual([1, true, ["internal"]]);
    expect(String(got.body)).not.toContain("boom");
  },
);
