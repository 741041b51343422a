import { expect, test } from "vitest";
import { callerOf } from "./access.ts";
import type { Exchange } from "./exchange.ts";

const exchangeOf = (query: string, authorization?: string): Exchange => ({
  method: "GET",
  path: "/events/a",
  query,
  header: (name) => (name === "authorization" ? authorization : undefined),
  origin: () => ({ peer: "127.0.0.1", proxied: undefined, forwardedFor: undefined, forwarded: undefined }),
  readBody: () => undefined,
  respond: () => undefined,
  stream: () => undefined,
});

test.each<[query: string, authorization: string | undefined, secret: string | undefined]>([
  ["", undefined, undefined],
  ["token=", undefined, undefined],
  ["topic=a&token=s", undefined, "s"],
  ["token=a%2Fb%2Bc%3D", undefined, "a/b+c="],
  ["token=a/b+c=", undefined, "a/b+c="],
  ["token=query", "Bearer header", "header"],
  ["token=query", "Basic header", undefined],
])("?%s with Authorization %s: %s", (query, authorization, secret) => {
  const rules = { allowQueryToken: () => true, clientOf: () => "" };
  expect(callerOf(exchangeOf(query, authorization), rules).secret).toBe(secret);
});

test("a token in the query counts only where it may", () => {
  const rules = { allowQueryToken: () => false, clientOf: () => "" };
  expect(callerOf(exchangeOf("token=s"), rules).secret).toBeUndefined();
});
