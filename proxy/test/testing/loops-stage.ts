import { natsServer } from "@revenprox/cluster";
import { type NatsProcess, startNats } from "../../src/mesh/testing/nats-process.ts";
import { childrenOf, lives } from "./loop-processes.ts";
import { type Environment, type ProxyProcess, startProxyProcess, until } from "./proxy-process.ts";
import { openStream, publish, type RawStream } from "./raw-stream.ts";
import { ready } from "./with-nats.ts";

/** So many streams that no loop is left without one: in 3 of 10 million runs it would be. */
export const streamCount = 40;

/** Proxies of several event loops at one NATS server. */
export interface LoopsStage {
  /** What makes a proxy one of so many loops; `more` wins. */
  environment(count: number, more?: Environment): Environment;
  /** Runs `use` with a proxy of so many loops that has a journal of its own, and ends it whatever comes of it. */
  withLoops(
    count: number,
    use: (proxy: ProxyProcess) => Promise<void>,
    more?: Environment,
    args?: readonly string[],
  ): Promise<void>;
  /** Name of the instance that the last proxy belongs to. */
  instance(): string;
  stop(): Promise<void>;
}

export const loopsStage = async (): Promise<LoopsStage> => {
  const nats: NatsProcess = await startNats({ program: await natsServer() });
  let instances = 0;
  const instance = (): string => `loops-${instances}`;
  const environment = (count: number, more: Environment = {}): Environment => ({
    REVENPROX_NATS__SERVERS: nats.url,
    REVENPROX_HTTP__THREAD_POOL_SIZE: String(count),
    REVENPROX_PROXY_ID: "pod",
    REVENPROX_HTTP__KEEPALIVE_INTERVAL_SEC: "3600",
    ...more,
  });
  return {
    environment,
    instance,
    withLoops: async (count, use, more = {}, args = []) => {
      instances += 1;
      const proxy = await startProxyProcess(
        environment(count, { REVENPROX_NATS__INSTANCE: instance(), ...more }),
        args,
      );
      const children = childrenOf(proxy.child.pid);
      try {
        await ready(proxy);
        // Ready is who has one loop that is; healthy says that every loop has reached the journal.
        await until("every loop to be well", async () => {
          const health = await fetch(`http://127.0.0.1:${proxy.managementPort}/health`);
          return ((await health.json()) as { status: string }).status === "healthy" || undefined;
        });
        await use(proxy);
      } finally {
        // One that was stopped would never see that its supervisor is gone.
        for (const pid of children.filter(lives)) process.kill(pid, "SIGCONT");
        await proxy.stop();
        await until("the loops to be gone", () => !children.some(lives) || undefined);
      }
    },
    stop: () => nats.dispose(),
  };
};

export const openMany = async (
  { port }: ProxyProcess,
  topic: string,
  count = streamCount,
): Promise<readonly RawStream[]> => {
  const streams = Array.from({ length: count }, () => openStream(port, `/events/${topic}`));
  await Promise.all(streams.map((stream) => stream.waitFor("id: ")));
  return streams;
};

/** Each over a connection of its own, so that every loop takes some. */
export const publishEach = async (
  { port }: ProxyProcess,
  topic: string,
  events: readonly string[],
): Promise<string[]> => {
  const ids: string[] = [];
  for (const text of events) ids.push(await publish(port, topic, text, { connection: "close" }));
  return ids;
};

export const texts = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from }, (_, index) => `event ${from + index}.`);

export const api = async ({ managementPort }: ProxyProcess, path: string): Promise<unknown> =>
  (await fetch(`http://127.0.0.1:${managementPort}/api/v1/${path}`)).json();

export const closeAll = (streams: readonly RawStream[]): void => {
  for (const stream of streams) stream.close();
};
