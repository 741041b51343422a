import type { ErrorCode } from "@revenprox/contract/errors";

/** A JSON Schema as far as this plane needs it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What a route may know of its request; values have the types of the declared schemas. */
export interface ApiRequest {
  /** Path as sent after the fixed part of a route with a parameter, percent-encoded. */
  readonly rest: string;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

export type ApiAnswer =
  | { readonly status: number; readonly body: unknown; readonly type?: string }
  | { readonly problem: ErrorCode; readonly detail: string };

export interface ApiParameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly description: string;
  readonly schema: JsonSchema;
}

/** One thing this plane answers: served, guarded and documented from here. */
export interface ApiRoute {
  readonly method: "GET" | "PUT" | "POST";
  /** As in OpenAPI; a parameter stands at the end and may contain slashes. */
  readonly path: string;
  /** `open`: no token; `read`: the read or the admin token; `admin`: the admin token. */
  readonly access: "open" | "read" | "admin";
  readonly summary: string;
  readonly parameters?: readonly ApiParameter[];
  readonly body?: JsonSchema;
  /** Answers by status, besides problems. */
  readonly answers: Readonly<Record<number, { readonly description: string; readonly schema: JsonSchema }>>;
  handle(request: ApiRequest): ApiAnswer | Promise<ApiAnswer>;
}

/** An object with exactly these properties, all of them there. */
export const record = (properties: Readonly<Record<string, JsonSchema>>, description?: string): JsonSchema => ({
  type: "object",
  ...(description === undefined ? {} : { description }),
  required: Object.keys(properties),
  additionalProperties: false,
  properties,
});

export const listOf = (items: JsonSchema, description: string): JsonSchema => ({ type: "array", description, items });
export const count = (description: string): JsonSchema => ({ type: "integer", minimum: 0, description });
export const text = (description: string): JsonSchema => ({ type: "string", description });

export const ok = (body: unknown): ApiAnswer => ({ status: 200, body });
