import { expect, test } from "vitest";
import { type ManagementParts, managementServer, type Role } from "./management-server.ts";

const silent = () => undefined;

const server = (changes: Partial<ManagementParts> = {}) => {
  let level: "debug" | "info" | "warn" | "error" = "info";
  return managementServer({
    health: () => ({ status: "healthy", connections: 1, uptime_seconds: 2 }),
    notReady: () => [],
    metrics: async () => ({ contentType: "text/plain", text: "m 1\n" }),
    roleOf: (secret) => (secret === undefined ? "missing" : (secret as Role)),
    stats: () => ({
      active: 2,
      idle: 3,
      connecting: 1,
      closing: 1,
      totalCreated: 10,
      totalClosed: 3,
      topics: 4,
      effectiveMax: 50,
    }),
    peers: () => [{ id: "proxy-2" }],
    logLevel: {
      level: () => level,
      setLevel: (next) => {
        level = next;
      },
    },
    log: { debug: silent, info: silent, warn: silent, error: silent },
    ...changes,
  });
};

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

test.each(["/livez", "/readyz", "/health", "/metrics"])("%s is open", async (url) => {
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
