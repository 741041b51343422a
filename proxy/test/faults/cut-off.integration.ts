import { natsServer } from "@revenprox/cluster";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type NatsProcess, startNats } from "../../src/mesh/testing/nats-process.ts";
import { until } from "../testing/proxy-process.ts";
import { mustBeLevel } from "./testing/level.ts";
import { healthOf, metricOf, mustDegrade, mustHeal } from "./testing/observed.ts";
import { startPublisher } from "./testing/publisher.ts";
import { startRelay } from "./testing/relay.ts";
import { withScene } from "./testing/scene.ts";

const blackHoleSeconds = Number(process.env["REVENPROX_TEST_OUTAGE_SEC"] ?? 15);

let nats: NatsProcess;
beforeAll(async () => {
  nats = await startNats({ program: await natsServer() });
});
afterAll(() => nats.dispose());

test.concurrent.for([
  { how: "cut", name: "by resets", seconds: 4 },
  { how: "stall", name: "by a black hole", seconds: blackHoleSeconds },
] as const)("one pod is cut off from NATS $name while another goes on", { timeout: 900_000 }, ({ how, seconds }) =>
  withScene(async (scene) => {
    const relay = await startRelay(nats.port);
    scene.onEnd(() => relay.close());
    const [a, b] = await Promise.all([
      scene.proxy("a", [`nats://127.0.0.1:${relay.port}`]),
      scene.proxy("b", [nats.url]),
    ]);
    const [onA, onB] = await Promise.all([a, b].map(({ port }) => scene.client({ port, path: "/events/news" })));
    if (onA === undefined || onB === undefined) throw new Error("no clients");
    const publisher = startPublisher({ ports: [b.port], topics: ["news"], perSecond: 100, name: "e" });
    await until("events on both", () => (onA.events.length > 50 && onB.events.length > 50) || undefined);

    relay[how]();
    const since = Date.now();
    await mustDegrade(a);
    const heldAt = onA.events.length;
    await until(
      "the pod to be cut off for long enough",
      () => Date.now() - since > seconds * 1_000 || undefined,
      900_000,
    );
    const refused = await fetch(`http://127.0.0.1:${a.port}/events/news`, { method: "POST", body: "x" });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "2"]);
    expect(await metricOf(a, "refusals_total", '{reason="journal"}')).toBe(1);
    expect(await healthOf(b)).toMatchObject({ status: "healthy" });
    expect(onB.events.length).toBeGreaterThan(heldAt + 100);
    expect(publisher.refusals.size).toBe(0);

    relay.pass();
    await mustHeal(a, 90_000);
    await publisher.stop();
    await Promise.all([mustBeLevel(onA, publisher.accepted), mustBeLevel(onB, publisher.accepted)]);
    expect([...onA.gaps, ...onB.gaps]).toEqual([]);
    expect(await metricOf(a, "connections_total")).toBe(1);
  }),
);
