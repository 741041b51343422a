import type { Environment, ProxyProcess } from "../test/testing/proxy-process.ts";
import { openStream } from "../test/testing/raw-stream.ts";
import { type Bench, type Opened, send } from "./bench.ts";
import { eventSources } from "./case.ts";
import type { Relay } from "./relay.ts";

export interface Watched extends Opened {
  readonly relay: Relay;
}

export const streamsOf = (relay: Relay) => relay.requests.filter(({ method }) => method === "GET");

/** One relay for each EventSource, with a stream of the case's topic through it. */
export const watchThrough = (bench: Bench, target: number): Promise<readonly Watched[]> =>
  Promise.all(
    eventSources.map(async (name) => {
      const relay = await bench.relay({ target });
      const listener = await bench.open(name, `${relay.base}${bench.path}`, { types: ["revenprox.gap"] });
      await listener.changes(1);
      return { name, listener, relay };
    }),
  );

export const publishTo = async (bench: Bench, { port }: ProxyProcess, texts: readonly string[]) => {
  const ids: string[] = [];
  for (const data of texts) ids.push(await send(port, bench.topic, { data }));
  return ids;
};

export const events = (texts: readonly string[]) => texts.map((data) => ({ data }));

/** A proxy of the cluster that ends with the case. */
export const mortalProxy = async (bench: Bench, environment: Environment = {}): Promise<ProxyProcess> => {
  const proxy = await bench.fleet.start(environment, true);
  bench.later(() => proxy.stop());
  return knowing(bench, proxy);
};

export const survivor = async (bench: Bench): Promise<ProxyProcess> => knowing(bench, await bench.fleet.survivor());

/** Lets the proxy get to know the case's topic, so that streams on it begin at once. */
const knowing = async (bench: Bench, proxy: ProxyProcess): Promise<ProxyProcess> => {
  const warm = openStream(proxy.port, bench.path);
  bench.later(() => warm.close());
  await warm.waitFor("id: ");
  return proxy;
};
