import { type Health, healthStatus } from "../http/health.ts";
import { type ApiRoute, count, type JsonSchema, listOf, ok, record, text } from "./api-route.ts";

export interface HealthParts {
  readonly health: () => Health;
  /** Why the proxy should get no new clients; empty when it is ready. */
  readonly notReady: () => readonly string[];
  /** Absent: /metrics is not served. */
  readonly metrics?: (() => Promise<{ readonly contentType: string; readonly text: string }>) | undefined;
}

/** Says something of this process alone. */
export const livenessPath = "/livez";

const readiness = record({
  status: { type: "string", enum: ["ready", "not ready"] },
  reasons: listOf(text("A reason."), "Why no new client should come here; empty when ready."),
});

const healthSchema: JsonSchema = {
  type: "object",
  required: ["status", "connections", "uptime_seconds"],
  properties: {
    status: { type: "string", enum: ["healthy", "degraded", "draining"] },
    connections: count("Open streams."),
    uptime_seconds: count("Seconds since the start."),
    reasons: listOf(text("What is missing."), "Only when degraded."),
  },
};

const metricsRoute = (metrics: NonNullable<HealthParts["metrics"]>): ApiRoute => ({
  method: "GET",
  path: "/metrics",
  access: "open",
  summary: "Metrics in the Prometheus text format",
  answers: {
    200: { description: "All metrics of this proxy.", schema: { type: "string", "x-media-type": "text/plain" } },
  },
  handle: async () => {
    const { contentType, text: body } = await metrics();
    return { status: 200, body, type: contentType };
  },
});

/** Routes that need no token: probes and metrics. */
export const healthRoutes = ({ health, notReady, metrics }: HealthParts): readonly ApiRoute[] => [
  {
    method: "GET",
    path: livenessPath,
    access: "open",
    summary: "Whether the process answers",
    answers: { 200: { description: "It does.", schema: record({ status: { type: "string", enum: ["alive"] } }) } },
    handle: () => ok({ status: "alive" }),
  },
  {
    method: "GET",
    path: "/readyz",
    access: "open",
    summary: "Whether this proxy should get new clients",
    answers: {
      200: { description: "It should.", schema: readiness },
      503: { description: "It should not.", schema: readiness },
    },
    handle: () => {
      const reasons = notReady();
      const ready = reasons.length === 0;
      return { status: ready ? 200 : 503, body: { status: ready ? "ready" : "not ready", reasons } };
    },
  },
  {
    method: "GET",
    path: "/health",
    access: "open",
    summary: "How this proxy is",
    answers: {
      200: { description: "Healthy or degraded: it serves.", schema: healthSchema },
      503: { description: "Draining.", schema: healthSchema },
    },
    handle: () => {
      const state = health();
      return { status: healthStatus(state), body: state };
    },
  },
  ...(metrics === undefined ? [] : [metricsRoute(metrics)]),
];
