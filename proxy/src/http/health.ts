import type { Answer } from "./answer.ts";

/** Health as clients see it; `reasons` names what a degraded proxy lacks. */
export interface Health {
  readonly status: "healthy" | "degraded" | "draining";
  readonly connections: number;
  readonly uptime_seconds: number;
  readonly reasons?: readonly string[];
}

/** A degraded proxy goes on serving, so only draining is an error. */
export const healthStatus = ({ status }: Health): number => (status === "draining" ? 503 : 200);

/** GET /health. */
export const healthAnswer = (health: Health): Answer => ({
  status: healthStatus(health),
  headers: [
    ["Content-Type", "application/json"],
    ["Cache-Control", "no-store"],
  ],
  body: `${JSON.stringify(health)}\n`,
});
