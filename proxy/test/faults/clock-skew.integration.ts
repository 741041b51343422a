import { setTimeout as wait } from "node:timers/promises";
import { natsServer } from "@revenprox/cluster";
import { metricName } from "@revenprox/contract/metrics";
import { expect, test } from "vitest";
import { startNats } from "../../src/mesh/testing/nats-process.ts";
import { type Environment, type ProxyProcess, until } from "../testing/proxy-process.ts";
import { publish } from "../testing/raw-stream.ts";
import { startWebhook } from "../testing/webhook-server.ts";
import { mustBeLevel } from "./testing/level.ts";
import { metricOf, mustHeal } from "./testing/observed.ts";
import { startPublisher } from "./testing/publisher.ts";
import { type Scene, withScene } from "./testing/scene.ts";
import { openClient } from "./testing/stream-client.ts";

const minutes = 60_000;
const preload = new URL("./testing/skewed-clock.ts", import.meta.url).href;
const skews = [5 * minutes, -5 * minutes, 0];

const skewed = (skewMs: number): Environment => ({
  NODE_OPTIONS: `--import ${preload}`,
  TEST_CLOCK_SKEW_MS: String(skewMs),
});

const pods = async (scene: Scene, environment: Environment = {}) => {
  const nats = await startNats({ program: await natsServer() });
  scene.onEnd(() => nats.dispose());
  const proxies = await Promise.all(
    skews.map((skew) => scene.proxy(`skew${skew}`, [nats.url], { ...skewed(skew), ...environment })),
  );
  return { nats, proxies };
};

/** Observations of the latency histogram: all of them, and those that took at most `limit` ms. */
const latencies = async (
  { port }: ProxyProcess,
  limit: number,
): Promise<readonly [all: number, within: number, sum: number]> => {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const name = metricName("message_latency_ms");
  const sample = (what: string): number => Number(text.split(`${name}${what} `)[1]?.split("\n")[0]);
  return [sample("_count"), sample(`_bucket{le="${limit}"}`), sample("_sum")];
};

test.concurrent(
  "clocks of pods ten minutes apart: order, latency, since, resuming, peers, and a new journal",
  { timeout: 180_000 },
  () =>
    withScene(async (scene) => {
      const { nats, proxies } = await pods(scene);
      const ports = proxies.map(({ port }) => port);
      for (const [index, proxy] of proxies.entries()) {
        expect(Math.abs((await metricOf(proxy, "clock_offset_seconds")) * 1_000 + (skews[index] ?? 0))).toBeLessThan(
          20_000,
        );
        await until(
          "both peers to be known",
          async () => (await metricOf(proxy, "peers_connected")) === 2 || undefined,
        );
      }
      const clients = await Promise.all(ports.map((port) => scene.client({ port, path: "/events/news" })));
      const publisher = startPublisher({ ports, topics: ["news"], perSecond: 100, name: "e" });
      await until("some events", () => publisher.accepted.size > 300 || undefined);
      await publisher.stop();
      for (const client of clients) {
        await mustBeLevel(client, publisher.accepted);
        expect(client.gaps).toEqual([]);
      }
      for (const proxy of proxies) {
        const [all, within, sum] = await latencies(proxy, 10_000);
        expect(all).toBeGreaterThan(0);
        expect(within).toBe(all);
        expect(sum).toBeGreaterThanOrEqual(0);
      }

      await publish(ports[0] ?? 0, "dated", "old");
      await wait(1_500);
      const between = new Date(Date.now() - 700).toISOString();
      await publish(ports[1] ?? 0, "dated", "new");
      for (const port of ports) {
        const dated = await scene.client({ port, path: `/events/dated?since=${between}` });
        await until("the events since then", () => dated.events.some(({ data }) => data === "new") || undefined);
        expect(dated.events.map(({ data }) => data)).toEqual(["new"]);
        const place = clients[0]?.events[99]?.id ?? "";
        const resumed = await scene.client({ port, path: "/events/news", lastEventId: place });
        await until(
          "the rest of the events",
          () => resumed.events.length >= publisher.accepted.size - 100 || undefined,
        );
        expect(resumed.events).toEqual(clients[0]?.events.slice(100));
        expect(resumed.gaps).toEqual([]);
      }
      for (const proxy of proxies) expect(await metricOf(proxy, "peers_connected")).toBe(2);

      await nats.kill();
      await nats.wipe();
      await nats.restart();
      await Promise.all(proxies.map((proxy) => mustHeal(proxy)));
      const after = startPublisher({ ports, topics: ["news"], perSecond: 100, name: "after" });
      await until("some events", () => after.accepted.size > 100 || undefined);
      await after.stop();
      for (const client of clients) {
        await mustBeLevel(client, new Map([...publisher.accepted, ...after.accepted]));
        expect(client.gaps).toMatchObject([{ reason: "reset" }]);
      }
    }),
);

test.concurrent("clocks of pods ten minutes apart: verdicts live and end as they should", { timeout: 180_000 }, () =>
  withScene(async (scene) => {
    const inAnHour = Math.floor(Date.now() / 1_000) + 3_600;
    const webhook = await startWebhook(({ jwt }) => ({
      body: { valid: true, exp: jwt === "past" ? inAnHour - 7_200 : inAnHour, cache_ttl_sec: 2 },
    }));
    scene.onEnd(() => webhook.close());
    const { proxies } = await pods(scene, { REVENPROX_JWT_VERIFIER__WEBHOOK_URL: webhook.url });
    for (const { port } of proxies) {
      const past = openClient({ port, path: "/events/news", token: "past" });
      await until("a token of the past to be refused", () => past.ended);
      expect(past.ended).toBe("status 401");
      const client = await scene.client({ port, path: "/events/news", token: "good" });
      const asked = (): number => webhook.calls.filter(({ jwt }) => jwt === "good").length;
      const before = asked();
      await scene.client({ port, path: "/events/news", token: "good" });
      expect(asked()).toBe(before);
      await wait(2_500);
      await scene.client({ port, path: "/events/news", token: "good" });
      expect(asked()).toBeGreaterThan(before);
      expect(client.ended).toBeUndefined();
    }
  }),
);
