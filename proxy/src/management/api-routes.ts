import { logLevels } from "@revenprox/contract/config/process";
import type { FastifyInstance } from "fastify";
import type { HubStats } from "../hub/hub.ts";

/** A proxy of the same system that was heard of lately. */
export interface PeerView {
  readonly id: string;
}

type LogLevel = (typeof logLevels)[number];

export interface ApiParts {
  readonly stats: () => HubStats;
  readonly peers: () => readonly PeerView[];
  readonly logLevel: { level(): LogLevel; setLevel(level: LogLevel): void };
}

/** The seed's four fields first: active is created less closed; idle are those without an event since their last keepalive. */
const connectionsView = (stats: HubStats) => ({
  active_connections: stats.totalCreated - stats.totalClosed,
  idle_connections: stats.idle,
  total_created: stats.totalCreated,
  total_closed: stats.totalClosed,
  connecting_connections: stats.connecting,
  closing_connections: stats.closing,
  max_connections_effective: stats.effectiveMax,
  topics: stats.topics,
});

const logLevelBody = {
  type: "object",
  required: ["level"],
  additionalProperties: false,
  properties: { level: { type: "string", enum: [...logLevels] } },
} as const;

/** Routes under /api/v1. */
export const apiRoutes = (api: FastifyInstance, { stats, peers, logLevel }: ApiParts): void => {
  api.get("/connections", () => connectionsView(stats()));
  api.get("/peers", () => ({ peers: peers() }));
  api.get("/log-level", () => ({ level: logLevel.level() }));
  api.put<{ Body: { level: LogLevel } }>("/log-level", { schema: { body: logLevelBody } }, (request) => {
    logLevel.setLevel(request.body.level);
    return { level: logLevel.level() };
  });
};
