import { expect, test } from "vitest";
import type { ManagementParts } from "./management-server.ts";
import { bearer, server } from "./testing/management.ts";

test("the load says what decides about a pod", async () => {
  const health = () => ({ status: "degraded", connections: 7, uptime_seconds: 1, reasons: ["journal"] }) as const;
  const reply = await server({ health, journalConnected: () => false, breaker: () => "open" }).inject({
    url: "/api/v1/load",
    headers: bearer("read"),
  });
  expect(reply.json()).toEqual({
    streams: 7,
    limit: 50,
    topics: 4,
    draining: false,
    degraded: ["journal"],
    nats_connected: false,
    breaker: "open",
    moved: 6,
    shedding: 2,
  });
});

const shedOn = (changes: Partial<ManagementParts>, payload: object, role = "admin") =>
  server(changes).inject({ url: "/api/v1/shed", method: "POST", headers: bearer(role), payload });
const whole = { streams: 10, keep: 5, rate_per_sec: 100 };

test("a shed is begun by the admin alone, with bounds, and not while the proxy drains", async () => {
  const asked: unknown[] = [];
  const shed = (wish: { readonly streams: number }) => asked.push(wish) + 3;
  expect((await shedOn({ shed }, whole, "read")).statusCode).toBe(403);
  expect((await shedOn({ shed }, { ...whole, rate_per_sec: 0 })).statusCode).toBe(422);
  expect((await shedOn({ shed }, { streams: 10 })).statusCode).toBe(422);
  const draining = () => ({ status: "draining", connections: 0, uptime_seconds: 0 }) as const;
  expect((await shedOn({ shed, health: draining }, whole)).json()).toMatchObject({ status: 503, code: "draining" });
  expect(asked).toEqual([]);
  const begun = await shedOn({ shed }, whole);
  expect([begun.statusCode, begun.json()]).toEqual([202, { streams: 4 }]);
  expect(asked).toEqual([{ streams: 10, keep: 5, ratePerSec: 100 }]);
});
