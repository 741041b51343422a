import type { MetricName } from "@revenprox/contract/metrics";
import { type ProxyProcess, until } from "./proxy-process.ts";

/** Samples of one scrape of the data port by full name with labels, prefix left out. */
export type Samples = ReadonlyMap<string, number>;

export const scrape = async ({ port }: Pick<ProxyProcess, "port">): Promise<Samples> => {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return new Map(
    text
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => [
        line.slice("revenprox_".length, line.lastIndexOf(" ")),
        Number(line.slice(line.lastIndexOf(" ") + 1)),
      ]),
  );
};

/** One sample; NaN where there is none. */
export const sample = async (proxy: Pick<ProxyProcess, "port">, name: string): Promise<number> =>
  (await scrape(proxy)).get(name) ?? Number.NaN;

/** Waits until one sample is as it should be. */
export const untilSample = (
  proxy: Pick<ProxyProcess, "port">,
  name: string,
  isRight: (value: number) => boolean,
): Promise<number> =>
  until(
    `${name} to change`,
    async () => {
      const value = await sample(proxy, name);
      return isRight(value) ? value + Number.EPSILON : undefined;
    },
    60_000,
  );

/** What `cause` changed: by sample, only those that did. */
export const changesOf = async (
  proxy: Pick<ProxyProcess, "port">,
  cause: () => Promise<unknown>,
): Promise<Readonly<Record<string, number>>> => {
  const before = await scrape(proxy);
  await cause();
  const after = await scrape(proxy);
  return Object.fromEntries(
    [...after]
      .map(([name, value]) => [name, value - (before.get(name) ?? 0)] as const)
      .filter(([, change]) => change !== 0),
  );
};

/** Proves on real processes that metrics say what their cause did. */
export interface MetricRow {
  /** Those whose exact change the row checks. */
  readonly metrics: readonly MetricName[];
  readonly truth: string;
  /** Rejects when a metric does not say so. Rows run at the same time, so each has processes of its own. */
  run(): Promise<void>;
}
