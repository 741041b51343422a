import { type ErrorCode, errors } from "@revenprox/contract/errors";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { bearerSecret } from "../http/bearer.ts";
import { type Health, healthStatus } from "../http/health.ts";
import { problemOf, problemType } from "../http/problem.ts";
import type { Log } from "../hub/ports.ts";
import { type ApiParts, apiRoutes } from "./api-routes.ts";

/** Largest request body; the plane takes only small settings. */
const bodyLimit = 4_096;

/** `nobody`: /api is closed since no token is configured. */
export type Role = "admin" | "read" | "missing" | "invalid" | "nobody";

export interface ManagementParts extends ApiParts {
  readonly health: () => Health;
  /** Why the proxy should get no new clients; empty when it is ready. */
  readonly notReady: () => readonly string[];
  /** Absent: /metrics is not served. */
  readonly metrics?: (() => Promise<{ readonly contentType: string; readonly text: string }>) | undefined;
  readonly roleOf: (secret: string | undefined) => Role;
  readonly log: Log;
}

const sendProblem = (reply: FastifyReply, code: ErrorCode, detail: string): FastifyReply =>
  reply
    .code(errors[code].status)
    .type(problemType)
    .send(JSON.stringify(problemOf(code, detail)));

const openRoutes = (app: FastifyInstance, { health, notReady, metrics }: ManagementParts): void => {
  app.get("/livez", () => ({ status: "alive" }));
  app.get("/readyz", (_request, reply) => {
    const reasons = notReady();
    return reply
      .code(reasons.length === 0 ? 200 : 503)
      .send({ status: reasons.length === 0 ? "ready" : "not ready", reasons });
  });
  app.get("/health", (_request, reply) => {
    const state = health();
    return reply.code(healthStatus(state)).send(state);
  });
  if (metrics === undefined) return;
  app.get("/metrics", async (_request, reply) => {
    const { contentType, text } = await metrics();
    return reply.type(contentType).send(text);
  });
};

/** Refuses whoever may not use /api; undefined lets the request go on. */
const guard =
  (roleOf: ManagementParts["roleOf"]) =>
  async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    const role = roleOf(bearerSecret(request.headers.authorization));
    const reading = request.method === "GET" || request.method === "HEAD";
    switch (role) {
      case "admin":
        return undefined;
      case "read":
        return reading ? undefined : sendProblem(reply, "permission_denied", "this needs the admin token");
      case "missing":
        return sendProblem(
          reply.header("WWW-Authenticate", "Bearer"),
          "credentials_missing",
          "the management API needs a token",
        );
      case "invalid":
        return sendProblem(
          reply.header("WWW-Authenticate", "Bearer"),
          "credentials_invalid",
          "the token is not one of this proxy's",
        );
      case "nobody":
        return sendProblem(
          reply,
          "permission_denied",
          "no token is configured and the management plane is not on a loopback address: set management.read_token_file or admin_token_file",
        );
    }
  };

/** The management plane, not yet listening. */
export const managementServer = (parts: ManagementParts): FastifyInstance => {
  const app = Fastify({ logger: false, bodyLimit, forceCloseConnections: true, exposeHeadRoutes: true });
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, "path_unknown", `${request.method} is not served at this path`),
  );
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    if (error.statusCode !== undefined && error.statusCode < 500)
      return sendProblem(reply, "config_invalid", error.message);
    parts.log.error(`A management request failed: ${error.stack ?? error.message}`);
    return sendProblem(reply, "internal_error", "see the proxy's log");
  });
  openRoutes(app, parts);
  app.register(
    async (api) => {
      api.addHook("onRequest", guard(parts.roleOf));
      apiRoutes(api, parts);
    },
    { prefix: "/api/v1" },
  );
  return app;
};
