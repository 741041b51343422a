import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { type EffectRow, withFolder, withProxy } from "../testing/effect-row.ts";
import { type Environment, type ProxyProcess, until } from "../testing/proxy-process.ts";
import { publish } from "../testing/raw-stream.ts";
import { startTraceReceiver, type TraceReceiver } from "../testing/trace-receiver.ts";

const callerTrace = "0af7651916cd43dd8448eb211c80319c";
const sampled = { traceparent: `00-${callerTrace}-b7ad6b7169203331-01` };

/** Runs `use` with a proxy that traces everything to a receiver of its own. */
const withTraced = async (
  environment: Environment,
  use: (proxy: ProxyProcess, receiver: TraceReceiver) => Promise<void>,
): Promise<void> => {
  const receiver = await startTraceReceiver();
  const traced = {
    REVENPROX_TRACING__ENDPOINT: receiver.url,
    REVENPROX_TRACING__RATIO: "1",
    REVENPROX_TRACING__EXPORT_INTERVAL_MS: "100",
    ...environment,
  };
  try {
    await withProxy(traced, (proxy) => use(proxy, receiver));
  } finally {
    await receiver.close();
  }
};

const lost = async (proxy: ProxyProcess, reason: string): Promise<number> => {
  const text = await (await fetch(`http://127.0.0.1:${proxy.port}/metrics`)).text();
  return Number(new RegExp(`trace_spans_dropped_total\\{reason="${reason}"\\} (\\d+)`).exec(text)?.[1]);
};

const isSomeSpan = (): boolean => true;

export const tracingRows: readonly EffectRow[] = [
  {
    key: "tracing.endpoint",
    name: "spans are posted to /v1/traces below it",
    run: () =>
      withTraced({}, async (proxy, receiver) => {
        await publish(proxy.port, "t", "x");
        await receiver.waitFor("a span", 1, isSomeSpan);
        expect(receiver.requests[0]?.path).toBe("/v1/traces");
      }),
  },
  {
    key: "tracing.ratio",
    name: "about this share of the requests is traced",
    run: () =>
      withTraced({ REVENPROX_TRACING__RATIO: "0.5" }, async (proxy, receiver) => {
        for (let index = 0; index < 200; index += 1) await publish(proxy.port, "t", "x");
        const requests = () => receiver.spans.filter(({ name }) => name === "POST /events/{topic}").length;
        proxy.child.kill("SIGTERM");
        await proxy.exited;
        // 200 fair coins show less than 40 or more than 160 heads once in 10^17 times.
        expect(requests()).toBeGreaterThan(40);
        expect(requests()).toBeLessThan(160);
      }),
  },
  {
    key: "tracing.trust_parent",
    name: "a caller's sampled flag decides",
    run: () =>
      withTraced(
        { REVENPROX_TRACING__RATIO: "0", REVENPROX_TRACING__TRUST_PARENT: "true" },
        async (proxy, receiver) => {
          await publish(proxy.port, "t", "not traced");
          await publish(proxy.port, "t", "traced", sampled);
          await receiver.waitFor("the caller's trace", 2, ({ traceId }) => traceId === callerTrace);
          expect(receiver.spans).toHaveLength(2);
        },
      ),
  },
  {
    key: "tracing.service_name",
    name: "every span is that service's",
    run: () =>
      withTraced({ REVENPROX_TRACING__SERVICE_NAME: "events-eu" }, async (proxy, receiver) => {
        await publish(proxy.port, "t", "x");
        const [span] = await receiver.waitFor("a span", 1, isSomeSpan);
        expect(span?.resource).toMatchObject({ "service.name": "events-eu" });
      }),
  },
  {
    key: "tracing.headers_file",
    name: "its headers are sent, also changed ones, and shown nowhere",
    run: () =>
      withFolder(async (folder) => {
        const file = join(folder, "headers");
        await writeFile(file, "Authorization: Bearer first-key\n");
        await withTraced({ REVENPROX_TRACING__HEADERS_FILE: file }, async (proxy, receiver) => {
          const sentAs = (key: string) => async (): Promise<true | undefined> => {
            await publish(proxy.port, "t", "x");
            const sent = receiver.requests.map(({ headers }) => headers["authorization"]);
            return sent.includes(`Bearer ${key}`) ? true : undefined;
          };
          await until("the first key", sentAs("first-key"), 30_000);
          await writeFile(file, "Authorization: Bearer second-key\n");
          await until("the second key", sentAs("second-key"), 30_000);
          expect(proxy.output()).not.toMatch(/first-key|second-key/);
        });
      }),
  },
  {
    key: "tracing.max_queue_spans",
    name: "no more wait, and what is too much is counted",
    run: () =>
      withTraced(
        { REVENPROX_TRACING__MAX_QUEUE_SPANS: "4", REVENPROX_TRACING__EXPORT_INTERVAL_MS: "60000" },
        async (proxy, receiver) => {
          for (let index = 0; index < 10; index += 1) await publish(proxy.port, "t", "x");
          expect(await lost(proxy, "queue_full")).toBe(10 * 2 - 4);
          proxy.child.kill("SIGTERM");
          await proxy.exited;
          expect(receiver.spans).toHaveLength(4);
        },
      ),
  },
  {
    key: "tracing.export_interval_ms",
    name: "spans of that time go out together",
    run: () =>
      withTraced({ REVENPROX_TRACING__EXPORT_INTERVAL_MS: "60000" }, async (proxy, receiver) => {
        for (let index = 0; index < 5; index += 1) await publish(proxy.port, "t", "x");
        expect(receiver.requests).toHaveLength(0);
        proxy.child.kill("SIGTERM");
        await proxy.exited;
        expect([receiver.requests.length, receiver.spans.length]).toEqual([1, 10]);
      }),
  },
  {
    key: "tracing.timeout_ms",
    name: "a batch that is not taken for so long is given up",
    run: () =>
      withTraced({ REVENPROX_TRACING__TIMEOUT_MS: "200" }, async (proxy, receiver) => {
        receiver.status = 503;
        await publish(proxy.port, "t", "x");
        await until("the loss", async () => ((await lost(proxy, "export_failed")) === 2 ? true : undefined), 30_000);
      }),
  },
];
