import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { natsServer } from "@revenprox/cluster";
import { expect, test } from "vitest";
import { startNats } from "../../src/mesh/testing/nats-process.ts";
import { until } from "../testing/proxy-process.ts";
import { mustBeLevel } from "./testing/level.ts";
import { healthOf, metricOf, mustDegrade, mustHeal } from "./testing/observed.ts";
import { startPublisher } from "./testing/publisher.ts";
import { type Scene, withScene } from "./testing/scene.ts";

const folderOf = async (scene: Scene): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "revenprox-fault-"));
  scene.onEnd(() => rm(folder, { recursive: true, force: true }));
  return folder;
};

const oneUser = (password: string): string => `authorization { users: [{ user: proxy, password: ${password} }] }`;

test.concurrent("credentials are rotated on the server before the pods have the new ones", { timeout: 180_000 }, () =>
  withScene(async (scene) => {
    const passwordFile = join(await folderOf(scene), "password");
    await writeFile(passwordFile, "first");
    const nats = await startNats({ program: await natsServer(), config: oneUser("first") });
    scene.onEnd(() => nats.dispose());
    const login = { REVENPROX_NATS__USER: "proxy", REVENPROX_NATS__PASSWORD_FILE: passwordFile };
    const [a, b] = await Promise.all([scene.proxy("a", [nats.url], login), scene.proxy("b", [nats.url], login)]);
    const clients = await Promise.all([a, b].map(({ port }) => scene.client({ port, path: "/events/news" })));
    const publisher = startPublisher({ ports: [a.port, b.port], topics: ["news"], perSecond: 50, name: "e" });
    await until("some events", () => publisher.accepted.size > 50 || undefined);

    await nats.reload(oneUser("second"));
    await Promise.all([mustDegrade(a), mustDegrade(b)]);
    await until("refused passwords to be told", () => a.output().includes("Authorization Violation") || undefined);
    await writeFile(passwordFile, "second");
    await Promise.all([mustHeal(a), mustHeal(b)]);
    const before = publisher.accepted.size;
    await until("more events", () => publisher.accepted.size > before + 50 || undefined);

    await publisher.stop();
    for (const client of clients) {
      await mustBeLevel(client, publisher.accepted);
      expect(client.gaps).toEqual([]);
    }
    for (const proxy of [a, b]) expect(await metricOf(proxy, "connections_total")).toBe(1);
  }),
);

test.concurrent(
  "events larger than the server takes, from the start and after it takes less",
  { timeout: 180_000 },
  () =>
    withScene(async (scene) => {
      const nats = await startNats({ program: await natsServer(), config: "max_payload: 65536" });
      scene.onEnd(() => nats.dispose());
      const proxy = await scene.proxy("a", [nats.url], { REVENPROX_HTTP__MAX_EVENT_SIZE: "262144" });
      const client = await scene.client({ port: proxy.port, path: "/events/news" });
      const publisher = startPublisher({ ports: [proxy.port], topics: ["news"], perSecond: 50, name: "e" });
      const post = async (bytes: number): Promise<readonly [number, string]> => {
        const body = "x".repeat(bytes);
        const response = await fetch(`http://127.0.0.1:${proxy.port}/events/aside`, { method: "POST", body });
        return [response.status, await response.text()];
      };
      expect(await post(60_000)).toMatchObject([202, expect.anything()]);
      expect(await post(100_000)).toMatchObject([413, expect.stringContaining("event_too_large")]);
      const lines = [10, 100_000, 10].map((bytes) => JSON.stringify({ data: "x".repeat(bytes) }));
      const batch = await fetch(`http://127.0.0.1:${proxy.port}/events/aside`, {
        method: "POST",
        headers: { "Content-Type": "application/x-ndjson" },
        body: lines.join("\n"),
      });
      expect([batch.status, await batch.json()]).toMatchObject([413, { code: "event_too_large" }]);

      await nats.reload("max_payload: 16384");
      expect(
        await until("less to be taken", async () => {
          const [status, body] = await post(20_000);
          return status === 413 ? body : undefined;
        }),
      ).toContain("event_too_large");
      // NATS tells of a new limit by closing the connection of the first who breaks it.
      expect(await post(20_000)).toMatchObject([413, expect.anything()]);
      expect(await post(10_000)).toMatchObject([202, expect.anything()]);
      expect(await metricOf(proxy, "refusals_total", '{reason="too_large"}')).toBeGreaterThanOrEqual(3);
      expect(await healthOf(proxy)).toMatchObject({ status: "healthy" });
      await publisher.stop();
      await mustBeLevel(client, publisher.accepted);
    }),
);

test.concurrent("JetStream is missing at the start, comes, goes and comes again", { timeout: 180_000 }, () =>
  withScene(async (scene) => {
    const store = join(await folderOf(scene), "store");
    const jetstream = `jetstream { store_dir: ${JSON.stringify(store)} }`;
    const nats = await startNats({ program: await natsServer(), jetstream: false });
    scene.onEnd(() => nats.dispose());
    const proxy = await scene.unreadyProxy("a", [nats.url]);
    await mustDegrade(proxy);
    const early = await fetch(`http://127.0.0.1:${proxy.port}/events/news`, { method: "POST", body: "x" });
    expect([early.status, early.headers.get("retry-after")]).toEqual([503, "2"]);
    const waiting = scene.client({ port: proxy.port, path: "/events/news" });
    await until("the reason to be told", () => proxy.output().includes("The journal cannot be used") || undefined);

    await nats.restart(jetstream);
    await mustHeal(proxy);
    const client = await waiting;
    const publisher = startPublisher({ ports: [proxy.port], topics: ["news"], perSecond: 50, name: "e" });
    await until("some events", () => publisher.accepted.size > 50 || undefined);
    await nats.restart("");
    await mustDegrade(proxy);
    await until("publishes to be refused", () => publisher.refusals.has("503 journal_unavailable") || undefined);
    await nats.restart(jetstream);
    await mustHeal(proxy);
    await publisher.stop();
    await mustBeLevel(client, publisher.accepted);
    expect(client.gaps).toEqual([]);
    expect(await metricOf(proxy, "connections_total")).toBe(1);
  }),
);
