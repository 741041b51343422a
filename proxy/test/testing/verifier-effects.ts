import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { withProxy } from "./effect-row.ts";
import type { ProxyProcess } from "./proxy-process.ts";
import { startWebhook, type WebhookServer } from "./webhook-server.ts";

type Keys = Readonly<Record<string, string>>;

/** HTTP status of a subscription, or of a publish; the connection is cut once it is known. */
export const ask = async (proxy: ProxyProcess, path: string, token?: string, method = "GET"): Promise<number> => {
  const abort = new AbortController();
  const response = await fetch(`http://127.0.0.1:${proxy.port}/events/${path}`, {
    method,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    signal: abort.signal,
    ...(method === "POST" ? { body: "x" } : {}),
  });
  abort.abort();
  return response.status;
};

export const named = (keys: Keys): Record<string, string> =>
  Object.fromEntries(Object.entries(keys).map(([key, value]) => [`REVENPROX_JWT_VERIFIER__${key}`, value]));

/** A proxy that asks a webhook, without retries unless `keys` say otherwise. */
export const withWebhook = async (
  keys: Keys,
  use: (proxy: ProxyProcess, webhook: WebhookServer) => Promise<void>,
  webhook?: WebhookServer,
): Promise<void> => {
  const server = webhook ?? (await startWebhook());
  try {
    await withProxy(named({ WEBHOOK_URL: server.url, RETRY_ATTEMPTS: "0", ...keys }), (proxy) => use(proxy, server));
  } finally {
    await server.close();
  }
};

type Issue = (claims: JWTPayload, alg?: string) => Promise<string>;

/** A proxy that has the keys of ES256 and ES384. */
export const withKeySet = async (
  keys: Keys,
  use: (proxy: ProxyProcess, issue: Issue) => Promise<void>,
): Promise<void> => {
  const pairs = new Map(
    await Promise.all(["ES256", "ES384"].map(async (alg) => [alg, await generateKeyPair(alg)] as const)),
  );
  const jwks = await Promise.all(
    [...pairs].map(async ([alg, { publicKey }]) => ({ ...(await exportJWK(publicKey)), alg, kid: alg })),
  );
  const issue: Issue = (claims, alg = "ES256") =>
    new SignJWT({ sub: "u", ...claims })
      .setProtectedHeader({ alg, kid: alg })
      .setExpirationTime("1h")
      .sign(pairs.get(alg)!.privateKey);
  const server = await startWebhook(() => ({ body: { keys: jwks } }));
  try {
    await withProxy(named({ JWKS_URL: server.url, ...keys }), (proxy) => use(proxy, issue));
  } finally {
    await server.close();
  }
};
