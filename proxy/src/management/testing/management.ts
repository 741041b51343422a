import { type ManagementParts, managementServer, type Role } from "../management-server.ts";
import { firstAfter } from "../page.ts";

const silent = () => undefined;

/** The server with parts that answer something; `changes` replace some of them. A token is the name of its role. */
export const server = (changes: Partial<ManagementParts> = {}) => {
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
    queues: () => ({
      behind: 2,
      eventsBehindMax: 7,
      eventsBehindTotal: 9,
      blocked: 1,
      reading: 1,
      ringBytes: 100,
      ringBytesMax: 1_000,
      replays: 1,
      replaysWaiting: 0,
    }),
    topics: (after, most) =>
      firstAfter(
        ["b/ü", "a", "c"].map((topic, index) => ({ topic, id: "0".repeat(32), subscribers: index + 1 })),
        ({ topic }) => topic,
        after,
        most,
      ),
    audience: async () => ({ id: "0".repeat(32), proxies: [{ id: "proxy-1", subscribers: 2 }], silent: ["proxy-3"] }),
    peers: () => [
      {
        id: "proxy-2",
        build: "1.0.0",
        protocol: 2,
        knowledge: "held",
        topics: 1,
        connections: 2,
        startedAt: 0,
        lastHeardAt: 400,
      },
    ],
    now: () => 1_000,
    config: () => ({ config: { log_level: "info" }, effectiveLimits: { max_topics: null }, pendingRestart: [] }),
    proxyId: "proxy-1",
    drain: () => ({ connections: 5, withinSec: 25 }),
    shed: ({ streams }) => Math.min(streams, 4),
    moves: () => ({ moved: 6, shedding: 2 }),
    journalConnected: () => true,
    breaker: () => "closed",
    version: "1.2.3",
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

export const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
