import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { natsServer, smallDisk } from "@revenprox/cluster";
import { expect, test } from "vitest";
import { startNats } from "../../src/mesh/testing/nats-process.ts";
import { until } from "../testing/proxy-process.ts";
import { mustBeLevel } from "./testing/level.ts";
import { healthOf, metricOf, mustDegrade, mustHeal } from "./testing/observed.ts";
import { startPublisher } from "./testing/publisher.ts";
import { withScene } from "./testing/scene.ts";

test("the journal's disk is full, then has room again", { timeout: 240_000 }, () =>
  withScene(async (scene) => {
    const folder = await mkdtemp(join(tmpdir(), "revenprox-disk-"));
    scene.onEnd(() => rm(folder, { recursive: true, force: true }));
    const disk = await smallDisk(folder, 64);
    scene.onEnd(() => disk.dispose());
    const nats = await startNats({
      program: await disk.wrap(await natsServer()),
      jetstream: false,
      config: `jetstream { store_dir: "${disk.path}/store", max_file: 1GB }`,
    });
    scene.onEnd(() => nats.dispose());
    const bounds = { REVENPROX_JOURNAL__MAX_BYTES: "134217728", REVENPROX_JOURNAL__PUBLISH_TIMEOUT_MS: "3000" };
    const [a, b] = await Promise.all([scene.proxy("a", [nats.url], bounds), scene.proxy("b", [nats.url], bounds)]);
    const clients = await Promise.all([a, b].map(({ port }) => scene.client({ port, path: "/events/news" })));
    const publisher = startPublisher({
      ports: [a.port, b.port],
      topics: ["news"],
      perSecond: 50,
      name: "e",
      padBytes: 4_000,
    });
    await until("some events", () => publisher.accepted.size > 100 || undefined);
    await disk.fill();
    await until("publishes to be refused", () => publisher.refusals.size > 0 || undefined, 60_000);
    await Promise.all([mustDegrade(a), mustDegrade(b)]);
    expect((await healthOf(a)).reasons).toEqual([expect.stringContaining("stores nothing")]);
    expect(await metricOf(a, "refusals_total", '{reason="journal"}')).toBeGreaterThan(0);
    const past = await scene.client({ port: b.port, path: "/events/news?last=20" });
    await until("the past to be readable", () => past.events.length === 20 || undefined);

    await disk.free();
    // Until then nats-server refuses to write to a stream of which a write has failed.
    await nats.restart();
    await Promise.all([mustHeal(a), mustHeal(b)]);
    await publisher.stop();
    for (const client of clients) {
      await mustBeLevel(client, publisher.accepted);
      expect(client.gaps).toEqual([]);
    }
    for (const proxy of [a, b]) expect(await metricOf(proxy, "connections_total")).toBe(proxy === a ? 1 : 2);
  }),
);
