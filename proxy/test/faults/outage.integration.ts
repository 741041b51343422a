import { natsServer } from "@revenprox/cluster";
import { expect, test } from "vitest";
import { startNats } from "../../src/mesh/testing/nats-process.ts";
import { until } from "../testing/proxy-process.ts";
import { mustBeLevel } from "./testing/level.ts";
import { healthOf, metricOf, mustDegrade, mustHeal } from "./testing/observed.ts";
import { startPublisher } from "./testing/publisher.ts";
import { startRelay } from "./testing/relay.ts";
import { type Scene, withScene } from "./testing/scene.ts";

/** How long NATS stays away in the long outage: short in `npm test`, 600 for the full proof. */
const outageSeconds = Number(process.env["REVENPROX_TEST_OUTAGE_SEC"] ?? 15);

const twoPods = async (scene: Scene) => {
  const nats = await startNats({ program: await natsServer() });
  scene.onEnd(() => nats.dispose());
  const relay = await startRelay(nats.port);
  scene.onEnd(() => relay.close());
  const servers = [`nats://127.0.0.1:${relay.port}`];
  const window = { REVENPROX_JOURNAL__DUPLICATE_WINDOW_SEC: "3600" };
  const [a, b] = await Promise.all([scene.proxy("a", servers, window), scene.proxy("b", servers, window)]);
  const clients = await Promise.all(
    [a, b].flatMap(({ port }) => ["one", "two"].map((topic) => scene.client({ port, path: `/events/${topic}` }))),
  );
  return { nats, relay, a, b, clients };
};

const ofTopic = (accepted: ReadonlyMap<string, string>, at: number): ReadonlyMap<string, string> =>
  new Map([...accepted].filter(([data]) => Number(data.split(" ")[1]) % 2 === at));

test.concurrent("a restart of NATS, orderly and by a crash", { timeout: 180_000 }, () =>
  withScene(async (scene) => {
    const { nats, a, b, clients } = await twoPods(scene);
    const publisher = startPublisher({ ports: [a.port, b.port], topics: ["one", "two"], perSecond: 100, name: "e" });
    await until("some events", () => publisher.accepted.size > 100 || undefined);
    for (const end of [() => nats.stop(), () => nats.kill()]) {
      const before = publisher.accepted.size;
      await end();
      await Promise.all([mustDegrade(a), mustDegrade(b)]);
      await nats.restart();
      await Promise.all([mustHeal(a), mustHeal(b)]);
      await until("more events", () => publisher.accepted.size > before + 100 || undefined);
    }
    await publisher.stop();
    for (const [index, client] of clients.entries()) await mustBeLevel(client, ofTopic(publisher.accepted, index % 2));
    expect(clients.flatMap(({ gaps }) => gaps)).toEqual([]);
    for (const proxy of [a, b]) expect(await metricOf(proxy, "connections_total")).toBe(2);
  }),
);

test.concurrent(`NATS gone for ${outageSeconds} s`, { timeout: (outageSeconds + 240) * 1_000 }, () =>
  withScene(async (scene) => {
    const { relay, a, b, clients } = await twoPods(scene);
    const first = startPublisher({ ports: [a.port, b.port], topics: ["one", "two"], perSecond: 100, name: "before" });
    await until("some events", () => first.accepted.size > 100 || undefined);
    relay.cut();
    await Promise.all([mustDegrade(a), mustDegrade(b)]);
    const memoryBefore = await metricOf(a, "memory_used_bytes");
    const attemptsBefore = relay.attempts;
    const start = Date.now();
    let attemptsLate = 0;
    const late = setTimeout(() => (attemptsLate = relay.attempts), outageSeconds * 700);
    await until(
      "the outage to end",
      () => Date.now() - start > outageSeconds * 1_000 || undefined,
      outageSeconds * 2_000,
    );
    clearTimeout(late);
    expect(await healthOf(a)).toMatchObject({ status: "degraded", reasons: ["journal"] });
    // Three connections a proxy, each tried every 0.25 to 1 s, and the first one of a restart besides.
    const perSecond = (relay.attempts - attemptsBefore) / ((Date.now() - start) / 1_000);
    expect(perSecond).toBeLessThan(30);
    expect(relay.attempts).toBeGreaterThan(attemptsLate);
    expect((await metricOf(a, "memory_used_bytes")) - memoryBefore).toBeLessThan(64 * 1_048_576);
    expect(await metricOf(a, "refusals_total", '{reason="journal"}')).toBeGreaterThan(0);

    relay.pass();
    await Promise.all([mustHeal(a), mustHeal(b)]);
    await first.stop();
    for (const [index, client] of clients.entries()) await mustBeLevel(client, ofTopic(first.accepted, index % 2));
    expect(clients.flatMap(({ gaps }) => gaps)).toEqual([]);
    for (const proxy of [a, b]) expect(await metricOf(proxy, "connections_total")).toBe(2);
  }),
);
