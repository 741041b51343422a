import { type ErrorCode, errors } from "@revenprox/contract/errors";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { bearerSecret } from "../http/bearer.ts";
import { problemOf, problemType } from "../http/problem.ts";
import type { Log } from "../hub/ports.ts";
import { type ApiRoute, ok } from "./api-route.ts";
import { type ControlParts, controlRoutes } from "./control-routes.ts";
import { type HealthParts, healthRoutes, livenessPath } from "./health-routes.ts";
import { type LoadParts, loadRoutes } from "./load-routes.ts";
import { openApi } from "./openapi.ts";
import { type CertificateText, secureServer } from "./secure-server.ts";
import { type StateParts, stateRoutes } from "./state-routes.ts";
import { type TopicParts, topicRoutes } from "./topic-routes.ts";

/** Largest request body; the plane takes only small settings. */
const bodyLimit = 4_096;

/** `nobody`: /api is closed since no token is configured. */
export type Role = "admin" | "read" | "missing" | "invalid" | "nobody";

export interface ManagementParts extends HealthParts, StateParts, TopicParts, LoadParts, ControlParts {
  readonly version: string;
  readonly roleOf: (secret: string | undefined) => Role;
  readonly log: Log;
  /** Runs before each answer but that of /livez. Absent: what answers are made of is always up to date. */
  readonly refresh?: (() => Promise<void>) | undefined;
  /** Absent: plain HTTP. */
  readonly certificate?: CertificateText | undefined;
}

const sendProblem = (reply: FastifyReply, code: ErrorCode, detail: string): FastifyReply =>
  reply
    .code(errors[code].status)
    .type(problemType)
    .send(JSON.stringify(problemOf(code, detail)));

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

/** Everything this plane answers; `/openapi.json` describes itself as well. */
const routesOf = (parts: ManagementParts): readonly ApiRoute[] => {
  const described: ApiRoute = {
    method: "GET",
    path: "/openapi.json",
    access: "read",
    summary: "This document",
    answers: { 200: { description: "OpenAPI 3.1.", schema: { type: "object" } } },
    handle: () => ok(openApi(routes, parts.version)),
  };
  const routes = [
    ...healthRoutes(parts),
    described,
    ...stateRoutes(parts),
    ...topicRoutes(parts),
    ...loadRoutes(parts),
    ...controlRoutes(parts),
  ];
  return routes;
};

/** The fixed part of a path whose parameter stands at the end. */
const fixedPart = (path: string): string => path.replace(/\{\w+\}$/, "");

const matches = ({ path }: ApiRoute, asked: string): boolean => {
  const fixed = fixedPart(path);
  return fixed === path ? asked === path : asked.startsWith(fixed) && asked.length > fixed.length;
};

const pathOf = (url: string): string => url.split("?", 1)[0] ?? "";

/**
 * Query parameters by their schemas; anything else is refused, save where probes and scrapers ask, which bring
 * parameters of their own (`?verbose`, `?name[]=up`) and must not fail for that.
 */
const querySchema = ({ parameters = [], access }: ApiRoute) => ({
  type: "object",
  additionalProperties: access === "open",
  properties: Object.fromEntries(parameters.filter((one) => one.in === "query").map((one) => [one.name, one.schema])),
});

/** A query is text: what its schema calls a whole number is made one, and nothing else is taken for another type. */
const numbersOfQuery =
  ({ parameters = [] }: ApiRoute) =>
  async (request: FastifyRequest): Promise<void> => {
    const query = request.query as Record<string, unknown>;
    for (const { name, schema } of parameters) {
      const value = query[name];
      if (schema["type"] === "integer" && typeof value === "string" && /^-?\d+$/.test(value))
        query[name] = Number(value);
    }
  };

const serve = (
  app: FastifyInstance,
  route: ApiRoute,
  { roleOf, refresh }: Pick<ManagementParts, "roleOf" | "refresh">,
): void => {
  const fixed = fixedPart(route.path);
  app.route({
    method: route.method,
    url: fixed === route.path ? fixed : `${fixed}*`,
    schema: { querystring: querySchema(route), ...(route.body === undefined ? {} : { body: route.body }) },
    ...(route.access === "open" ? {} : { onRequest: guard(roleOf) }),
    preValidation: numbersOfQuery(route),
    handler: async (request, reply) => {
      if (route.path !== livenessPath) await refresh?.();
      const answer = await route.handle({
        rest: pathOf(request.url).slice(fixed.length),
        query: request.query as Readonly<Record<string, unknown>>,
        body: request.body,
      });
      if ("problem" in answer) return sendProblem(reply, answer.problem, answer.detail);
      return reply
        .code(answer.status)
        .type(answer.type ?? "application/json")
        .header("Cache-Control", "no-store")
        .send(typeof answer.body === "string" ? answer.body : `${JSON.stringify(answer.body)}\n`);
    },
  });
};

/** The management plane, not yet listening. */
export const managementServer = (parts: ManagementParts): FastifyInstance => {
  const secure = parts.certificate === undefined ? {} : { serverFactory: secureServer(parts.certificate) };
  const routes = routesOf(parts);
  const app = Fastify({
    logger: false,
    bodyLimit,
    forceCloseConnections: true,
    exposeHeadRoutes: true,
    // Unknown properties and other types are a fault of the caller's, not to be passed over in silence.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
    // A path whose percent-encoding is broken reaches no route.
    frameworkErrors: (error, request, reply) => {
      const code = routes.some((route) => matches(route, pathOf(request.url))) ? "topic_invalid" : "path_unknown";
      sendProblem(reply as FastifyReply, code, error.message);
    },
    ...secure,
  });
  app.setNotFoundHandler((request, reply) => {
    const others = routes.filter((route) => matches(route, pathOf(request.url))).map(({ method }) => method);
    if (others.length === 0) return sendProblem(reply, "path_unknown", `${request.method} is not served at this path`);
    const allowed = others.includes("GET") ? [...others, "HEAD"] : others;
    return sendProblem(reply.header("Allow", allowed.join(", ")), "method_not_allowed", "the path takes other methods");
  });
  // Fastify takes text, too; then what is wrong would be told as a fault of the schema.
  app.removeContentTypeParser("text/plain");
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    if (error.statusCode === 415)
      return sendProblem(reply, "config_invalid", "the body must be JSON, with Content-Type: application/json");
    if (error.statusCode !== undefined && error.statusCode < 500)
      return sendProblem(reply, "config_invalid", error.message);
    parts.log.error(`A management request failed: ${error.stack ?? error.message}`);
    return sendProblem(reply, "internal_error", "see the proxy's log");
  });
  for (const route of routes) serve(app, route, parts);
  return app;
};
