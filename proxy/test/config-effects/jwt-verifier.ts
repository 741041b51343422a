import { expect } from "vitest";
import { type EffectRow, withProxy } from "../testing/effect-row.ts";
import { type ProxyProcess, until } from "../testing/proxy-process.ts";
import { ask, named, withWebhook } from "../testing/verifier-effects.ts";
import { startWebhook, type WebhookServer } from "../testing/webhook-server.ts";

/** Calls that were made after each of two attempts with one token. */
const callsOfTwo = async (proxy: ProxyProcess, webhook: WebhookServer, pauseMs = 0): Promise<number> => {
  await ask(proxy, "a", "t");
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
  await ask(proxy, "a", "t");
  return webhook.calls.length;
};

export const jwtVerifierRows: readonly EffectRow[] = [
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
