import { errors } from "@revenprox/contract/errors";
import { problemType } from "../http/problem.ts";
import { type ApiRoute, count, type JsonSchema, record, text } from "./api-route.ts";

const problem = record({
  type: text("urn:revenprox:error: and the code."),
  title: text("What is wrong, for people."),
  status: count("The HTTP status."),
  code: { type: "string", enum: Object.keys(errors), description: "Which error this is; it does not change." },
  detail: text("What was found in this request."),
  mend: text("What the caller can do."),
});

const content = (schema: JsonSchema, type = "application/json") => ({ [type]: { schema } });

const operation = (route: ApiRoute) => ({
  summary: route.summary,
  operationId: `${route.method.toLowerCase()}${route.path.replace(/[^A-Za-z0-9]+(\w?)/g, (_, letter: string) => letter.toUpperCase())}`,
  security: route.access === "open" ? [] : [{ [`${route.access}Token`]: [] }],
  ...(route.parameters === undefined
    ? {}
    : { parameters: route.parameters.map((parameter) => ({ ...parameter, required: parameter.in === "path" })) }),
  ...(route.body === undefined ? {} : { requestBody: { required: true, content: content(route.body) } }),
  responses: {
    ...Object.fromEntries(
      Object.entries(route.answers).map(([status, { description, schema }]) => [
        status,
        { description, content: content(schema, schema["x-media-type"] as string | undefined) },
      ]),
    ),
    default: {
      description: "The request is refused.",
      content: content({ $ref: "#/components/schemas/Problem" }, problemType),
    },
  },
});

/** The OpenAPI document of the routes that are served. */
export const openApi = (routes: readonly ApiRoute[], version: string) => {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const methods = paths[route.path] ?? {};
    methods[route.method.toLowerCase()] = operation(route);
    paths[route.path] = methods;
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "RevenProx management plane",
      version,
      description: "What operators of a proxy ask it. Every GET also answers HEAD.",
    },
    paths,
    components: {
      schemas: { Problem: problem },
      securitySchemes: {
        readToken: { type: "http", scheme: "bearer", description: "The read token, or the admin token." },
        adminToken: { type: "http", scheme: "bearer", description: "The admin token." },
      },
    },
  };
};
