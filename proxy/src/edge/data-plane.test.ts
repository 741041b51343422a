import { expect, test } from "vitest";
import { refusing } from "../http/refusals.ts";
import type { Topic } from "../hub/event.ts";
import type { DataPlaneParts } from "./data-plane.ts";
import { type Asked, ask, codeOf, headerOf, parts, silent, streamBounds } from "./testing/asked.ts";
import { topicIdOf } from "./topic-id.ts";

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
    "a compressed body",
    { path: "/events/a", method: "POST", body: "x", headers: { "content-encoding": "br" } },
    415,
    "content_encoding_unsupported",
  ],
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

test.each<Asked>([{ path: "/nowhere" }, { path: "/events/a", method: "PUT" }, { path: "/events/%ff" }])(
  "pages of other origins may read the refusal of %j",
  async (asked) => {
    expect(headerOf(await ask(asked), "Access-Control-Allow-Origin")).toBe("*");
  },
);

test("a refused method names the allowed ones", async () => {
  expect(headerOf(await ask({ path: "/events/a", method: "PUT" }), "Allow")).toBe("GET, HEAD, POST, OPTIONS");
});

test.each(["connections_exhausted", "draining"] as const)("a stream refused as %s", async (refused) => {
  const got = await ask({ path: "/events/a" }, { hub: { ...parts().hub, open: () => ({ refused }) } });
  expect([got.status, codeOf(got), got.streamed]).toEqual([503, refused, false]);
});

test("a preflight allows what clients send", async () => {
  const got = await ask({ path: "/events/a", method: "OPTIONS", headers: { origin: "https://app.example" } });
  expect(got.status).toBe(204);
  const allowed = (headerOf(got, "Access-Control-Allow-Headers") ?? "").split(", ");
  const sent = ["last-event-id", "authorization", "content-type", "cache-control", "idempotency-key", "traceparent"];
  expect(sent.filter((name) => !allowed.includes(name))).toEqual([]);
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
