import type { MetricName } from "@revenprox/contract/metrics";
import { metricName } from "@revenprox/contract/metrics";
import { type ProxyProcess, until } from "../../testing/proxy-process.ts";

/** Answer of `/health`. */
export interface ObservedHealth {
  readonly status: string;
  readonly reasons?: readonly string[];
}

export const healthOf = async ({ port }: ProxyProcess): Promise<ObservedHealth> =>
  (await (await fetch(`http://127.0.0.1:${port}/health`)).json()) as ObservedHealth;

/** A sample by name; `labels` as in `{reason="journal"}`. */
export const metricOf = async ({ port }: ProxyProcess, name: MetricName, labels = ""): Promise<number> => {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const start = `\n${metricName(name)}${labels} `;
  const at = text.indexOf(start);
  return at < 0 ? Number.NaN : Number(text.slice(at + start.length, text.indexOf("\n", at + 1)));
};

/** Waits until the proxy says that it lacks the journal, in `/health` and in the metrics. */
export const mustDegrade = async (proxy: ProxyProcess, deadlineMs = 60_000): Promise<void> => {
  const health = await until(
    "degraded health",
    async () => {
      const now = await healthOf(proxy);
      return now.status === "degraded" ? now : undefined;
    },
    deadlineMs,
  );
  if (health.reasons?.join().includes("journal") !== true)
    throw new Error(`no reason is told: ${JSON.stringify(health)}`);
  if ((await metricOf(proxy, "degraded")) !== 1) throw new Error("the metric does not say degraded");
};

export const mustHeal = async (proxy: ProxyProcess, deadlineMs = 60_000): Promise<void> => {
  await until(
    "healthy again",
    async () => ((await healthOf(proxy)).status === "healthy" ? true : undefined),
    deadlineMs,
  );
};
