import { expect, test } from "vitest";
import type { ManagementParts } from "./management-server.ts";
import { bearer, server } from "./testing/management.ts";

test.each([
  ...["/livez", "/readyz", "/health", "/metrics"],
  // Scrapers and probes bring parameters of their own.
  ...["/livez?verbose", "/readyz?exclude=etcd", "/health?t=1", "/metrics?name[]=up&name[]=down"],
])("%s is open", async (url) => {
  expect((await server().inject(url)).statusCode).toBe(200);
});

test("not ready says why", async () => {
  const reply = await server({ notReady: () => ["draining"] }).inject("/readyz");
  expect([reply.statusCode, reply.json()]).toEqual([503, { status: "not ready", reasons: ["draining"] }]);
});

test.each([
  ["healthy", 200],
  ["degraded", 200],
  ["draining", 503],
] as const)("health %s is %i", async (status, code) => {
  expect(
    (await server({ health: () => ({ status, connections: 0, uptime_seconds: 0 }) }).inject("/health")).statusCode,
  ).toBe(code);
});

test("connections show the seed's four fields", async () => {
  const reply = await server().inject({ url: "/api/v1/connections", headers: bearer("read") });
  expect(reply.json()).toMatchObject({
    active_connections: 7,
    idle_connections: 3,
    total_created: 10,
    total_closed: 3,
    max_connections_effective: 50,
  });
});

test.each<[string, "GET" | "PUT", number, string | undefined]>([
  ["", "GET", 401, "credentials_missing"],
  ["invalid", "GET", 401, "credentials_invalid"],
  ["nobody", "GET", 403, "permission_denied"],
  ["read", "GET", 200, undefined],
  ["read", "PUT", 403, "permission_denied"],
  ["admin", "PUT", 200, undefined],
])("role %s, %s /log-level: %i", async (role, method, status, code) => {
  const reply = await server().inject({
    url: "/api/v1/log-level",
    method,
    headers: role === "" ? {} : bearer(role),
    ...(method === "PUT" ? { payload: { level: "debug" } } : {}),
  });
  expect([reply.statusCode, reply.json().code]).toEqual([status, code]);
});

test("a level that does not exist is refused", async () => {
  const reply = await server().inject({
    url: "/api/v1/log-level",
    method: "PUT",
    headers: bearer("admin"),
    payload: { level: "loud" },
  });
  expect([reply.statusCode, reply.json().code]).toEqual([422, "config_invalid"]);
});

test.each(["application/x-www-form-urlencoded", "text/plain", undefined])(
  "a body that comes as %s is refused with what to send instead",
  async (type) => {
    const reply = await server().inject({
      url: "/api/v1/log-level",
      method: "PUT",
      headers: { ...bearer("admin"), ...(type === undefined ? {} : { "content-type": type }) },
      payload: '{"level":"debug"}',
    });
    expect([reply.statusCode, reply.json().code]).toEqual([422, "config_invalid"]);
    expect(reply.json().detail).toBe("the body must be JSON, with Content-Type: application/json");
  },
);

test.each(["/", "/api/v1/nothing", "/metricsx"])("%s is a problem", async (url) => {
  const reply = await server().inject({ url, headers: bearer("admin") });
  expect([reply.statusCode, reply.headers["content-type"], reply.json().code]).toEqual([
    404,
    expect.stringContaining("application/problem+json"),
    "path_unknown",
  ]);
});

test("without metrics there is no /metrics", async () => {
  expect((await server({ metrics: undefined }).inject("/metrics")).statusCode).toBe(404);
});

test("queues and peers", async () => {
  const get = async (path: string) =>
    (await server().inject({ url: `/api/v1/${path}`, headers: bearer("read") })).json();
  expect(await get("queues")).toEqual({
    streams_behind: 2,
    events_behind_max: 7,
    events_behind_total: 9,
    streams_blocked: 1,
    streams_reading: 1,
    ring_bytes: 100,
    ring_bytes_max: 1_000,
    replays: 1,
    replays_waiting: 0,
  });
  expect(await get("peers")).toEqual({
    peers: [
      {
        id: "proxy-2",
        build: "1.0.0",
        protocol: 2,
        topics_known: "held",
        topics: 1,
        connections: 2,
        started_at: "1970-01-01T00:00:00.000Z",
        last_heard_ms: 600,
      },
    ],
  });
});

test("topics come in pages, in the order of their names", async () => {
  const page = async (query: string) =>
    (await server().inject({ url: `/api/v1/topics${query}`, headers: bearer("read") })).json();
  const names = ({ topics }: { topics: readonly { topic: string }[] }) => topics.map(({ topic }) => topic);
  const first = await page("?limit=2");
  expect([names(first), first.next]).toEqual([["a", "b/ü"], "b/ü"]);
  const second = await page(`?limit=2&after=${encodeURIComponent(first.next)}`);
  expect([names(second), second.next]).toEqual([["c"], null]);
  expect(names(await page(""))).toEqual(["a", "b/ü", "c"]);
});

test("a topic's name is what follows, decoded once", async () => {
  const asked: string[] = [];
  const audience: ManagementParts["audience"] = async (topic) => {
    asked.push(topic);
    return {
      id: "0".repeat(32),
      proxies: [
        { id: "a", subscribers: 2 },
        { id: "b", subscribers: 3 },
      ],
      silent: [],
    };
  };
  for (const name of ["a/b", "a%2Fb", "%25", "a?x"])
    await server({ audience }).inject({ url: `/api/v1/topics/${name.replace("?", "%3F")}`, headers: bearer("read") });
  expect(asked).toEqual(["a/b", "a/b", "%", "a?x"]);
  const reply = await server({ audience }).inject({ url: "/api/v1/topics/a", headers: bearer("read") });
  expect(reply.json()).toMatchObject({ topic: "a", subscribers: 5, silent: [] });
});

test.each<[string, "GET" | "PUT" | "POST" | "DELETE", object | undefined, number, string]>([
  ["/api/v1/topics?limit=0", "GET", undefined, 422, "config_invalid"],
  ["/api/v1/topics?limit=1001", "GET", undefined, 422, "config_invalid"],
  ["/api/v1/topics?limt=1", "GET", undefined, 422, "config_invalid"],
  ["/api/v1/topics?limit=", "GET", undefined, 422, "config_invalid"],
  ["/api/v1/topics?limit=1&limit=2", "GET", undefined, 422, "config_invalid"],
  ["/api/v1/topics/%00", "GET", undefined, 400, "topic_invalid"],
  ["/api/v1/topics/%zz", "GET", undefined, 400, "topic_invalid"],
  ["/api/v1/topics/%ff", "GET", undefined, 400, "topic_invalid"],
  ["/api/v1/topics/", "GET", undefined, 400, "topic_invalid"],
  ["/api/v1/drain", "POST", { confirm: "proxy-2" }, 422, "drain_unconfirmed"],
  ["/api/v1/drain", "POST", {}, 422, "config_invalid"],
  ["/api/v1/drain", "POST", { confirm: 1 }, 422, "config_invalid"],
  ["/api/v1/shed", "POST", { streams: "1", keep: 0, rate_per_sec: 1 }, 422, "config_invalid"],
  ["/api/v1/shed", "POST", { streams: true, keep: 0, rate_per_sec: 1 }, 422, "config_invalid"],
  ["/api/v1/drain", "POST", { confirm: "proxy-1", now: true }, 422, "config_invalid"],
  ["/api/v1/drain", "GET", undefined, 405, "method_not_allowed"],
  ["/api/v1/log-level", "DELETE", undefined, 405, "method_not_allowed"],
  ["/livez", "POST", {}, 405, "method_not_allowed"],
  ["/api/v1/nothing", "POST", {}, 404, "path_unknown"],
])("%s %s %j: %i %s", async (...[url, method, payload, status, code]) => {
  const reply = await server().inject({ url, method, headers: bearer("admin"), ...(payload ? { payload } : {}) });
  expect([reply.statusCode, reply.headers["content-type"], reply.json().code]).toEqual([
    status,
    expect.stringContaining("application/problem+json"),
    code,
  ]);
  if (status === 405) expect(reply.headers["allow"]).toMatch(/^(POST|GET, PUT, HEAD|GET, HEAD)$/);
});

test("HEAD answers as GET without a body", async () => {
  const reply = await server().inject({ url: "/api/v1/connections", method: "HEAD", headers: bearer("read") });
  expect([reply.statusCode, reply.body]).toEqual([200, ""]);
  expect((await server().inject({ url: "/api/v1/connections", method: "HEAD" })).statusCode).toBe(401);
});
