import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { withFolder, withProxy } from "../testing/effect-row.ts";
import type { Environment, ProxyProcess } from "../testing/proxy-process.ts";
import { publish } from "../testing/raw-stream.ts";
import { changesOf, type MetricRow, sample, untilSample } from "../testing/scrape.ts";
import { startTraceReceiver } from "../testing/trace-receiver.ts";
import { startWebhook, type WebhookServer } from "../testing/webhook-server.ts";

const withVerifier = async (
  environment: Environment,
  use: (proxy: ProxyProcess, webhook: WebhookServer) => Promise<void>,
): Promise<void> => {
  const webhook = await startWebhook();
  const verified = {
    REVENPROX_JWT_VERIFIER__WEBHOOK_URL: webhook.url,
    REVENPROX_JWT_VERIFIER__ALLOW_PRIVATE_ADDRESSES: "true",
    REVENPROX_JWT_VERIFIER__RETRY_ATTEMPTS: "0",
    ...environment,
  };
  try {
    await withProxy(verified, (proxy) => use(proxy, webhook));
  } finally {
    await webhook.close();
  }
};

const publishAs = async ({ port }: ProxyProcess, token: string, init: RequestInit = {}): Promise<number> =>
  (
    await fetch(`http://127.0.0.1:${port}/events/t`, {
      method: "POST",
      body: "x",
      headers: { authorization: `Bearer ${token}` },
      ...init,
    })
  ).status;

export const requestRows: readonly MetricRow[] = [
  {
    metrics: [
      "auth_requests_total",
      "auth_cache_hits",
      "auth_cache_misses",
      "auth_failures_total",
      "verifier_duration_seconds",
      "refusals_total",
    ],
    truth: "the first question misses the cache, its repetition hits it, and a token that is refused fails",
    run: () =>
      withVerifier({}, async (proxy, webhook) => {
        webhook.reply = ({ jwt }) => ({ body: { valid: jwt === "good" } });
        const changes = async (token: string) => {
          const all = await changesOf(proxy, () => publishAs(proxy, token));
          return Object.fromEntries(
            Object.entries(all).filter(([name]) => /^(auth|refusals|verifier.*count)/.test(name)),
          );
        };
        const asked = { auth_requests_total: 1, auth_cache_misses: 1, verifier_duration_seconds_count: 1 };
        expect(await changes("good")).toEqual(asked);
        expect(await changes("good")).toEqual({ auth_requests_total: 1, auth_cache_hits: 1 });
        expect(await changes("bad")).toEqual({
          ...asked,
          auth_failures_total: 1,
          'refusals_total{reason="auth"}': 1,
        });
      }),
  },
  {
    metrics: ["circuit_breaker_state", "refusals_total"],
    truth: "0 closed, 1 open, and 1 while a probe is under way",
    run: () =>
      withVerifier(
        {
          REVENPROX_JWT_VERIFIER__CIRCUIT_BREAKER_THRESHOLD: "2",
          REVENPROX_JWT_VERIFIER__CIRCUIT_BREAKER_TIMEOUT_SEC: "1",
        },
        async (proxy, webhook) => {
          expect(await sample(proxy, "circuit_breaker_state")).toBe(0);
          webhook.reply = () => ({ status: 500 });
          const changes = await changesOf(proxy, async () => {
            for (const token of ["a", "b"]) expect(await publishAs(proxy, token)).toBe(503);
          });
          expect(changes).toMatchObject({ circuit_breaker_state: 1, 'refusals_total{reason="verifier"}': 2 });
          const calls = webhook.calls.length;
          webhook.reply = () => ({ body: { valid: true }, delayMs: 3_000 });
          let probe: Promise<number> | undefined;
          let done = false;
          while (webhook.calls.length === calls) {
            probe = publishAs(proxy, "probe").finally(() => {
              done = true;
            });
            await Promise.race([probe, new Promise((resolve) => setTimeout(resolve, 100))]);
          }
          const halfOpen = await sample(proxy, "circuit_breaker_state");
          if (!done) expect(halfOpen).toBe(1);
          expect(await probe).toBe(202);
          await untilSample(proxy, "circuit_breaker_state", (value) => value === 0);
        },
      ),
  },
  {
    metrics: ["refusals_total", "requests_total"],
    truth: "a request that is answered with an error counts by its reason, once",
    run: () =>
      withProxy(
        {
          REVENPROX_HTTP__RATE_LIMIT_PER_IP: "6",
          REVENPROX_HTTP__RATE_LIMIT_WINDOW_SEC: "3600",
          REVENPROX_HTTP__MAX_EVENT_SIZE: "1024",
        },
        async (proxy) => {
          const url = `http://127.0.0.1:${proxy.port}`;
          const post = (init: RequestInit = {}, path = "/events/t") =>
            fetch(`${url}${path}`, { method: "POST", body: "x", ...init });
          await post({ headers: { "idempotency-key": "k" } });
          const cases: readonly [string, string | undefined, () => Promise<unknown>][] = [
            ["bad_request", "client_error", () => post({}, "/events/%00")],
            ["not_found", undefined, () => fetch(`${url}/nothing`)],
            ["too_large", "client_error", () => post({ body: "x".repeat(2_000) })],
            ["origin", "client_error", () => post({ headers: { origin: "https://evil.example" } })],
            ["conflict", "client_error", () => post({ body: "y", headers: { "idempotency-key": "k" } })],
            [
              "rate_limit",
              "client_error",
              async () => {
                let status = 0;
                while (status !== 429) status = (await post()).status;
              },
            ],
          ];
          for (const [reason, how, cause] of cases) {
            const changes = await changesOf(proxy, cause);
            const counted = Object.entries(changes).filter(([name]) => name.startsWith("refusals_total"));
            expect(counted).toEqual([[`refusals_total{reason="${reason}"}`, 1]]);
            expect([reason, changes['requests_total{route="publish",class="client_error"}']]).toEqual([
              reason,
              how === undefined ? undefined : 1,
            ]);
          }
        },
      ),
  },
  {
    metrics: ["trace_spans_sent_total", "trace_spans_dropped_total"],
    truth: "a span counts as sent when the receiver took it, else as dropped",
    run: async () => {
      const receiver = await startTraceReceiver();
      const environment = {
        REVENPROX_TRACING__ENDPOINT: receiver.url,
        REVENPROX_TRACING__RATIO: "1",
        REVENPROX_TRACING__EXPORT_INTERVAL_MS: "100",
        REVENPROX_TRACING__TIMEOUT_MS: "100",
      };
      try {
        await withProxy(environment, async (proxy) => {
          await publish(proxy.port, "t", "x");
          await untilSample(proxy, "trace_spans_sent_total", (value) => value === 2);
          receiver.status = 400;
          await publish(proxy.port, "t", "x");
          await untilSample(proxy, 'trace_spans_dropped_total{reason="export_failed"}', (value) => value === 2);
          expect(await sample(proxy, "trace_spans_sent_total")).toBe(2);
        });
      } finally {
        await receiver.close();
      }
    },
  },
  {
    metrics: ["config_rejected"],
    truth: "1 from a file that is refused to one that is taken",
    run: () =>
      withFolder(async (folder) => {
        const file = join(folder, "revenprox.toml");
        await writeFile(file, "[http]\nretry_ms = 2000\n");
        await withProxy(
          {},
          async (proxy) => {
            expect(await sample(proxy, "config_rejected")).toBe(0);
            await writeFile(file, "[http]\nretry_ms = 1\n");
            await untilSample(proxy, "config_rejected", (value) => value === 1);
            await writeFile(file, "[http]\nretry_ms = 3000\n");
            await untilSample(proxy, "config_rejected", (value) => value === 0);
          },
          ["--config", file],
        );
      }),
  },
];
