import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { expect } from "vitest";
import { makeCertificate } from "../testing/certificates.ts";
import { type EffectRow, withFolder, withProxy } from "../testing/effect-row.ts";
import { type ProxyProcess, until } from "../testing/proxy-process.ts";
import { startWebhook, type WebhookServer } from "../testing/webhook-server.ts";

type Keys = Readonly<Record<string, string>>;

/** HTTP status of a subscription, or of a publish; the connection is cut once it is known. */
const ask = async (proxy: ProxyProcess, path: string, token?: string, method = "GET"): Promise<number> => {
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

const named = (keys: Keys): Record<string, string> =>
  Object.fromEntries(Object.entries(keys).map(([key, value]) => [`REVENPROX_JWT_VERIFIER__${key}`, value]));

/** A proxy that asks a webhook, without retries unless `keys` say otherwise. */
const withWebhook = async (
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
const withKeySet = async (keys: Keys, use: (proxy: ProxyProcess, issue: Issue) => Promise<void>): Promise<void> => {
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

/** Calls that were made after each of two attempts with one token. */
const callsOfTwo = async (proxy: ProxyProcess, webhook: WebhookServer, pauseMs = 0): Promise<number> => {
  await ask(proxy, "a", "t");
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
  await ask(proxy, "a", "t");
  return webhook.calls.length;
};

const webhookRows: readonly EffectRow[] = [
  {
    key: "jwt_verifier.webhook_url",
    name: "who is asked about a token",
    run: () =>
      withWebhook({}, async (proxy, webhook) => {
        webhook.reply = ({ jwt }) => ({ body: { valid: jwt === "good" } });
        expect([await ask(proxy, "a", "good"), await ask(proxy, "a", "bad")]).toEqual([200, 403]);
      }),
  },
  {
    key: "jwt_verifier.require_authentication",
    name: "false lets readers without a token in",
    run: async () => {
      await withWebhook({}, async (proxy) => expect(await ask(proxy, "a")).toBe(401));
      const open = { REQUIRE_AUTHENTICATION: "false" };
      await withWebhook(open, async (proxy) => expect(await ask(proxy, "a")).toBe(200));
    },
  },
  {
    key: "jwt_verifier.timeout_ms",
    name: "a webhook that takes longer counts as failed",
    run: async () => {
      const slow = () => ({ body: { valid: true }, delayMs: 600 });
      await withWebhook(
        { TIMEOUT_MS: "100" },
        async (proxy) => expect(await ask(proxy, "a", "t")).toBe(503),
        await startWebhook(slow),
      );
      await withWebhook(
        { TIMEOUT_MS: "5000" },
        async (proxy) => expect(await ask(proxy, "a", "t")).toBe(200),
        await startWebhook(slow),
      );
    },
  },
  {
    key: "jwt_verifier.retry_attempts",
    name: "so often a failed call is made again",
    run: () =>
      withWebhook({ RETRY_ATTEMPTS: "2" }, async (proxy, webhook) => {
        webhook.reply = () => ({ status: 500 });
        await ask(proxy, "a", "t");
        expect(webhook.calls).toHaveLength(3);
      }),
  },
  {
    key: "jwt_verifier.cache_ttl_sec",
    name: "so long a verdict that allows is used again",
    run: async () => {
      await withWebhook({ CACHE_TTL_SEC: "1" }, async (proxy, webhook) =>
        expect(await callsOfTwo(proxy, webhook, 1_100)).toBe(2),
      );
      await withWebhook({ CACHE_TTL_SEC: "60" }, async (proxy, webhook) =>
        expect(await callsOfTwo(proxy, webhook, 1_100)).toBe(1),
      );
    },
  },
  {
    key: "jwt_verifier.negative_cache_ttl_sec",
    name: "so long a verdict that denies is used again",
    run: async () => {
      for (const [ttl, calls] of [
        ["0", 2],
        ["60", 1],
      ] as const)
        await withWebhook({ NEGATIVE_CACHE_TTL_SEC: ttl }, async (proxy, webhook) => {
          webhook.reply = () => ({ body: { valid: false } });
          expect(await callsOfTwo(proxy, webhook)).toBe(calls);
        });
    },
  },
  {
    key: "jwt_verifier.cache_max_size",
    name: "the verdict that was used last stays, others go",
    run: () =>
      withWebhook({ CACHE_MAX_SIZE: "1" }, async (proxy, webhook) => {
        for (const token of ["t", "u", "u", "t"]) await ask(proxy, "a", token);
        expect(webhook.calls.map(({ jwt }) => jwt)).toEqual(["t", "u", "t"]);
      }),
  },
  {
    key: "jwt_verifier.circuit_breaker_threshold",
    name: "after so many failures in a row nobody is asked",
    run: () =>
      withWebhook({ CIRCUIT_BREAKER_THRESHOLD: "2" }, async (proxy, webhook) => {
        webhook.reply = () => ({ status: 500 });
        for (let n = 0; n < 4; n += 1) await ask(proxy, "a", `t${n}`);
        expect(webhook.calls).toHaveLength(2);
      }),
  },
  {
    key: "jwt_verifier.circuit_breaker_timeout_sec",
    name: "after it one call probes",
    run: () =>
      withWebhook({ CIRCUIT_BREAKER_THRESHOLD: "1", CIRCUIT_BREAKER_TIMEOUT_SEC: "1" }, async (proxy, webhook) => {
        webhook.reply = () => ({ status: 500 });
        await ask(proxy, "a", "t");
        const began = Date.now();
        webhook.reply = () => ({ body: { valid: true } });
        await until("the probe", async () => ((await ask(proxy, "a", "t")) === 200 ? true : undefined));
        expect(Date.now() - began).toBeGreaterThan(800);
      }),
  },
  {
    key: "jwt_verifier.rate_limit_per_sec",
    name: "further calls are not made",
    run: () =>
      withWebhook({ RATE_LIMIT_PER_SEC: "4" }, async (proxy, webhook) => {
        const all = await Promise.all(Array.from({ length: 20 }, (_, n) => ask(proxy, "a", `t${n}`)));
        expect(all).toContain(503);
        expect(webhook.calls.length).toBeLessThan(15);
      }),
  },
];

const connectionRows: readonly EffectRow[] = [
  {
    key: "jwt_verifier.webhook_headers_file",
    name: "its headers are sent, also new ones",
    run: () =>
      withFolder(async (folder) => {
        const file = join(folder, "headers");
        await writeFile(file, "# for the webhook\nX-Api-Key: one\n");
        await withWebhook({ WEBHOOK_HEADERS_FILE: file }, async (proxy, webhook) => {
          await ask(proxy, "a", "t");
          expect(webhook.calls[0]?.headers["x-api-key"]).toBe("one");
          await writeFile(file, "X-Api-Key: two\n");
          await until("the new header", async () => {
            await ask(proxy, "a", `t-${Date.now()}`);
            return webhook.calls.at(-1)?.headers["x-api-key"] === "two" ? true : undefined;
          });
        });
      }),
  },
  {
    key: "jwt_verifier.webhook_ca_file",
    name: "a certificate that it signed is trusted",
    run: () =>
      withFolder(async (folder) => {
        const { certFile, keyFile } = await makeCertificate(folder, "webhook");
        const tls = { cert: await readFile(certFile), key: await readFile(keyFile) };
        const secure = () => startWebhook(undefined, tls);
        await withWebhook({}, async (proxy) => expect(await ask(proxy, "a", "t")).toBe(503), await secure());
        const trusting = { WEBHOOK_CA_FILE: certFile };
        await withWebhook(trusting, async (proxy) => expect(await ask(proxy, "a", "t")).toBe(200), await secure());
      }),
  },
  ...(["webhook_client_cert_file", "webhook_client_key_file"] as const).map((key) => ({
    key: `jwt_verifier.${key}`,
    name: "the webhook is shown a certificate (mTLS)",
    run: () =>
      withFolder(async (folder) => {
        const server = await makeCertificate(folder, "webhook");
        const client = await makeCertificate(folder, "proxy");
        const tls = {
          cert: await readFile(server.certFile),
          key: await readFile(server.keyFile),
          ca: await readFile(client.certFile),
          requestCert: true,
          rejectUnauthorized: true,
        };
        const secure = () => startWebhook(undefined, tls);
        const trusting = { WEBHOOK_CA_FILE: server.certFile };
        const mutual = {
          ...trusting,
          WEBHOOK_CLIENT_CERT_FILE: client.certFile,
          WEBHOOK_CLIENT_KEY_FILE: client.keyFile,
        };
        await withWebhook(trusting, async (proxy) => expect(await ask(proxy, "a", "t")).toBe(503), await secure());
        await withWebhook(mutual, async (proxy) => expect(await ask(proxy, "a", "t")).toBe(200), await secure());
      }),
  })),
  {
    key: "jwt_verifier.allow_private_addresses",
    name: "a call to a link-local address goes on only with it",
    run: () =>
      withFolder(async (folder) => {
        // A certificate that cannot be used ends the call after the address is checked and before a socket is opened:
        // whatever the key says, nothing is sent to that address.
        const unusable = join(folder, "unusable.pem");
        await writeFile(unusable, "not a certificate");
        const keys = {
          WEBHOOK_URL: "https://169.254.169.254/",
          WEBHOOK_CLIENT_CERT_FILE: unusable,
          WEBHOOK_CLIENT_KEY_FILE: unusable,
        };
        const failure = async (proxy: ProxyProcess): Promise<string | undefined> => {
          await ask(proxy, "a", "t");
          return /Webhook verification failed: (\w+)/.exec(proxy.output())?.[1];
        };
        await withWebhook(keys, async (proxy) => expect(await failure(proxy)).toBe("ADDRESS_REFUSED"));
        const allowed = { ...keys, ALLOW_PRIVATE_ADDRESSES: "true" };
        await withWebhook(allowed, async (proxy) => expect(await failure(proxy)).toMatch(/^ERR_OSSL_/));
      }),
  },
];

const keySetRows: readonly EffectRow[] = [
  {
    key: "jwt_verifier.jwks_url",
    name: "tokens signed by its keys come in, others do not",
    run: () =>
      withKeySet({}, async (proxy, issue) => {
        expect([await ask(proxy, "a", await issue({})), await ask(proxy, "a", "no.jwt.x")]).toEqual([200, 401]);
      }),
  },
  {
    key: "jwt_verifier.algorithms",
    name: "only these signatures are accepted",
    run: () =>
      withKeySet({ ALGORITHMS: "ES384" }, async (proxy, issue) => {
        expect([await ask(proxy, "a", await issue({}, "ES384")), await ask(proxy, "a", await issue({}))]).toEqual([
          200, 401,
        ]);
      }),
  },
  ...(
    [
      ["issuer", "iss"],
      ["audience", "aud"],
    ] as const
  ).map(([key, claim]) => ({
    key: `jwt_verifier.${key}`,
    name: `tokens with another ${claim} are refused`,
    run: () =>
      withKeySet({ [key.toUpperCase()]: "right" }, async (proxy, issue) => {
        const statuses = [
          await ask(proxy, "a", await issue({ [claim]: "right" })),
          await ask(proxy, "a", await issue({ [claim]: "x" })),
        ];
        expect([...statuses, await ask(proxy, "a", await issue({}))]).toEqual([200, 401, 401]);
      }),
  })),
  {
    key: "jwt_verifier.topics_claim",
    name: "a token reads only the topics in it",
    run: () =>
      withKeySet({ TOPICS_CLAIM: "t" }, async (proxy, issue) => {
        const token = await issue({ t: ["a", "b*"] });
        const statuses = await Promise.all(["a", "b1", "a1", "c"].map((topic) => ask(proxy, topic, token)));
        expect(statuses).toEqual([200, 200, 403, 403]);
      }),
  },
  {
    key: "jwt_verifier.publish_topics_claim",
    name: "a token publishes only to the topics in it, and to none without the key",
    run: async () => {
      await withKeySet({ PUBLISH_TOPICS_CLAIM: "p" }, async (proxy, issue) => {
        const token = await issue({ p: ["a"] });
        expect([await ask(proxy, "a", token, "POST"), await ask(proxy, "b", token, "POST")]).toEqual([202, 403]);
      });
      await withKeySet({}, async (proxy, issue) => {
        expect(await ask(proxy, "a", await issue({ p: ["a"] }), "POST")).toBe(403);
      });
    },
  },
];

export const jwtVerifierRows: readonly EffectRow[] = [
  ...webhookRows,
  ...connectionRows,
  ...keySetRows,
  {
    key: "http.allow_query_token",
    name: "a token in the query counts only with it",
    run: () =>
      withWebhook({}, async (_, webhook) => {
        for (const [allowed, status] of [
          ["true", 200],
          ["false", 401],
        ] as const) {
          const keys = { ...named({ WEBHOOK_URL: webhook.url }), REVENPROX_HTTP__ALLOW_QUERY_TOKEN: allowed };
          await withProxy(keys, async (proxy) => expect(await ask(proxy, "a?token=t")).toBe(status));
        }
      }),
  },
];
