import { deepEqual, equal, ok } from "node:assert/strict";
import { until } from "../../test/testing/proxy-process.ts";
import { openStream } from "../../test/testing/raw-stream.ts";
import { type Bench, send } from "../bench.ts";
import { type ConformanceCase, eventSources } from "../case.ts";
import type { Listener } from "../judges/judge.ts";

/** However often it is refused before: the browser asks for the last event, so that it is there whenever it comes in. */
const mustComeIn = async (bench: Bench, listener: Listener, port: number): Promise<void> => {
  const id = await send(port, bench.topic, { data: "in" });
  const event = await until("the event", async () => (await listener.rest()).find(({ data }) => data === "in"));
  deepEqual(event, { type: "message", data: "in", lastEventId: id });
  const changes = await listener.changes(3);
  ok(!changes.includes("closed"), changes.join(", "));
};

/** Refusals that pass by themselves, on which the standard makes an EventSource give up. */
export const refusalCases: readonly ConformanceCase[] = [
  {
    name: "status-503-ends-for-good",
    demand: "A proxy at its limit answers 503, on which an EventSource gives up: the reason for soft refusals",
    section: "processing",
    wpt: "request-status-error",
    judges: eventSources,
    run: async (bench) => {
      const proxy = await bench.fleet.start({ REVENPROX_HTTP__MAX_CONNECTIONS: "1" });
      bench.later(() => proxy.stop());
      const first = openStream(proxy.port, bench.path);
      bench.later(() => first.close());
      await first.waitFor("id: ");
      for (const name of eventSources) {
        const relay = await bench.relay({ target: proxy.port });
        deepEqual(await (await bench.open(name, `${relay.base}${bench.path}`)).changes(1), ["closed"]);
        equal(relay.requests.length, 1);
      }
    },
  },
  {
    name: "soft-refusal-at-the-limit",
    demand: "With soft refusals a browser that is refused at the limit is told so, and comes in when there is room",
    section: "processing",
    wpt: "request-status-error",
    judges: ["chromium"],
    run: async (bench) => {
      const proxy = await bench.fleet.start({
        REVENPROX_HTTP__MAX_CONNECTIONS: "1",
        REVENPROX_HTTP__EVENTSOURCE_SOFT_REFUSALS: "true",
      });
      bench.later(() => proxy.stop());
      const first = openStream(proxy.port, bench.path);
      await first.waitFor("id: ");
      const url = `http://127.0.0.1:${proxy.port}${bench.path}?last=1`;
      const listener = await bench.open("chromium", url, { types: ["revenprox.error"] });
      const [refusal] = await listener.take(1);
      const { code, status } = JSON.parse(refusal?.data ?? "");
      deepEqual([refusal?.type, code, status], ["revenprox.error", "connections_exhausted", 503]);
      first.close();
      await mustComeIn(bench, listener, proxy.port);
    },
  },
  {
    name: "opened-while-draining",
    demand:
      "A browser that comes to a proxy that shuts down tries again and reaches another one; a client that is no EventSource is told 503 and when to try again",
    section: "processing",
    wpt: "request-status-error",
    judges: ["chromium", "wire"],
    run: async (bench) => {
      const leaving = await bench.fleet.start({
        REVENPROX_HTTP__DRAIN_RATE_PER_SEC: "1",
        REVENPROX_HTTP__SHUTDOWN_GRACE_PERIOD_SEC: "600",
      });
      bench.later(() => leaving.stop());
      const held = Array.from({ length: 100 }, () => openStream(leaving.port, `${bench.path}-held`));
      bench.later(() => held.map((stream) => stream.close()));
      await Promise.all(held.map((stream) => stream.waitFor("id: ")));
      leaving.child.kill("SIGTERM");
      await until("the drain", () => (leaving.output().includes("Shutting down") ? true : undefined));
      const relay = await bench.relay({ target: leaving.port });
      const listener = await bench.open("chromium", `${relay.base}${bench.path}?last=1`, {
        types: ["revenprox.error"],
      });
      const [refusal] = await listener.take(1);
      equal(JSON.parse(refusal?.data ?? "").code, "draining");
      const { status, headers } = await fetch(`http://127.0.0.1:${leaving.port}${bench.path}`);
      deepEqual(
        [status, headers.get("content-type"), headers.get("retry-after")],
        [503, "application/problem+json", "1"],
      );
      relay.aim(bench.proxy.port);
      deepEqual((await listener.changes(3)).slice(0, 3), ["open", "reconnecting", "open"]);
      await mustComeIn(bench, listener, bench.proxy.port);
    },
  },
];
