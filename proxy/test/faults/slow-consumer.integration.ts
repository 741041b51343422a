import { natsServer } from "@revenprox/cluster";
import { expect, test } from "vitest";
import { startNats } from "../../src/mesh/testing/nats-process.ts";
import { type ProxyProcess, until } from "../testing/proxy-process.ts";
import { mustBeLevel } from "./testing/level.ts";
import { healthOf, metricOf, mustHeal } from "./testing/observed.ts";
import { startPublisher } from "./testing/publisher.ts";
import { type Relay, startRelay } from "./testing/relay.ts";
import { withScene } from "./testing/scene.ts";

/** More than a page of the journal, or a replay would be cut for ever. */
const bounds = 'max_pending: 8MB\nwrite_deadline: "2s"';

const cutsOf = (log: string): number => log.split("Slow Consumer Detected").length - 1;

interface Blockade {
  begin(parts: { readonly relay: Relay; readonly pod: ProxyProcess }): void;
  end(parts: { readonly relay: Relay; readonly pod: ProxyProcess }): void;
}

const blockades: readonly (Blockade & { readonly name: string })[] = [
  {
    name: "the pod's event loop is blocked",
    begin: ({ pod }) => void pod.child.kill("SIGSTOP"),
    end: ({ pod }) => void pod.child.kill("SIGCONT"),
  },
  {
    name: "what NATS sends gets stuck on the way",
    begin: ({ relay }) => relay.stallAnswers(),
    end: ({ relay }) => relay.pass(),
  },
];

test.concurrent.for(blockades)("NATS cuts a pod as a slow consumer: $name", { timeout: 180_000 }, ({ begin, end }) =>
  withScene(async (scene) => {
    const nats = await startNats({ program: await natsServer(), config: bounds });
    scene.onEnd(() => nats.dispose());
    const relay = await startRelay(nats.port);
    scene.onEnd(() => relay.close());
    const [pod, other] = await Promise.all([
      scene.proxy("slow", [`nats://127.0.0.1:${relay.port}`]),
      scene.proxy("other", [nats.url]),
    ]);
    scene.onEnd(() => pod.child.kill("SIGCONT"));
    const [onPod, onOther] = await Promise.all([
      scene.client({ port: pod.port, path: "/events/large" }),
      scene.client({ port: other.port, path: "/events/large" }),
    ]);
    const publisher = startPublisher({
      ports: [other.port],
      topics: ["large"],
      perSecond: 100,
      name: "e",
      padBytes: 50_000,
    });
    await until("events on both", () => (onPod.events.length > 20 && onOther.events.length > 20) || undefined);

    const before = cutsOf(nats.log());
    begin({ relay, pod });
    await until("NATS to cut the pod", () => cutsOf(nats.log()) > before || undefined, 90_000);
    const connected = await metricOf(other, "connections_total");
    expect(await healthOf(other)).toMatchObject({ status: "healthy" });
    end({ relay, pod });
    await until("the pod to notice", () => pod.output().includes("Lost the connection") || undefined, 60_000);
    await mustHeal(pod);
    await publisher.stop();
    await Promise.all([mustBeLevel(onPod, publisher.accepted), mustBeLevel(onOther, publisher.accepted)]);
    expect([...onPod.gaps, ...onOther.gaps]).toEqual([]);
    expect([await metricOf(pod, "connections_total"), connected]).toEqual([1, 1]);
  }),
);
