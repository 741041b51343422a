import { expect, test } from "vitest";
import { bearer, server } from "./testing/management.ts";

type Served = ReturnType<typeof server>;

/** Method and path of everything that fastify serves, with a wildcard as the document writes it. */
const served = async (): Promise<readonly string[]> => {
  const app: Served = server();
  await app.ready();
  const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;
  const urls = Object.keys((await document(app)).paths).map((path) => path.replace(/\{.*\}$/, "*"));
  const tree = app.printRoutes({ commonPrefix: false });
  const known = methods.flatMap((method) =>
    urls.filter((url) => app.hasRoute({ method, url })).map((url) => `${method} ${url}`),
  );
  // What the tree shows beyond the documented paths would be served and not described.
  const shown = [...tree.matchAll(/\(([A-Z, ]+)\)/g)].flatMap(([, list = ""]) => list.split(", "));
  expect(shown).toHaveLength(known.length);
  return known;
};

interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly security: readonly Readonly<Record<string, unknown>>[];
  readonly operationId: string;
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { readonly schema: Record<string, unknown> }>> }>
  >;
}

const document = async (app: Served = server()): Promise<OpenApiDocument> =>
  (await app.inject({ url: "/openapi.json", headers: bearer("read") })).json();

const operations = async () =>
  Object.entries((await document()).paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );

test("the OpenAPI document and the served routes are the same, both ways", async () => {
  const described = (await operations()).flatMap(({ path, method }) => {
    const url = path.replace(/\{.*\}$/, "*");
    return method === "GET" ? [`GET ${url}`, `HEAD ${url}`] : [`${method} ${url}`];
  });
  expect((await served()).toSorted()).toEqual(described.toSorted());
  const { openapi, info } = await document();
  expect([openapi, info.version]).toEqual(["3.1.0", "1.2.3"]);
  const ids = (await operations()).map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
});

const bodies: Readonly<Record<string, object>> = {
  "PUT /api/v1/log-level": { level: "warn" },
  "POST /api/v1/drain": { confirm: "proxy-1" },
  "POST /api/v1/shed": { streams: 10, keep: 5, rate_per_sec: 100 },
};

test("every operation answers what it documents, and asks for the token it documents", async () => {
  for (const { path, method, operation } of await operations()) {
    const ask = (role: string) =>
      server().inject({
        url: path.replace(/\{.*\}$/, "a%2Fb"),
        method: method as "GET",
        headers: role === "" ? {} : bearer(role),
        ...(method === "GET" ? {} : { payload: bodies[`${method} ${path}`] ?? {} }),
      });
    const [scheme] = operation.security.flatMap((one) => Object.keys(one));
    const statuses = [await ask(""), await ask("read"), await ask("admin")].map(({ statusCode }) => statusCode < 300);
    expect([path, ...statuses]).toEqual([path, scheme === undefined, scheme !== "adminToken", true]);
    const reply = await ask("admin");
    const [type, { schema }] = Object.entries(operation.responses[reply.statusCode]?.content ?? {})[0] ?? [
      "",
      { schema: {} },
    ];
    expect(reply.headers["content-type"]).toContain(type);
    if (Array.isArray(schema["required"]))
      expect(Object.keys(reply.json())).toEqual(expect.arrayContaining(schema["required"]));
    if (schema["additionalProperties"] === false)
      expect(Object.keys(reply.json()).toSorted()).toEqual([...(schema["required"] as string[])].toSorted());
  }
});
