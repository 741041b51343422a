import { deepEqual, equal, match, ok } from "node:assert/strict";
import { until } from "../../test/testing/proxy-process.ts";
import { openStream } from "../../test/testing/raw-stream.ts";
import { startWebhook } from "../../test/testing/webhook-server.ts";
import { type ConformanceCase, eventSources } from "../case.ts";
import { mustBeSilent, mustReceive } from "../delivery.ts";
import { events, mortalProxy, publishTo, streamsOf, survivor, watchThrough } from "../watched.ts";

/** Streams that the proxy ends, or that end with it, and how their clients go on. */
export const endingCases: readonly ConformanceCase[] = [
  {
    name: "killed-mid-stream",
    demand: "After the kill of a proxy its clients send their last id to another and resume exactly",
    section: "lastEventId",
    wpt: "eventsource-reconnect",
    judges: eventSources,
    run: async (bench) => {
      const [dying, other] = await Promise.all([mortalProxy(bench), survivor(bench)]);
      const watched = await watchThrough(bench, dying.port);
      const before = await publishTo(bench, dying, ["1", "2", "3"]);
      await mustReceive(watched, events(["1", "2", "3"]), before);
      for (const { relay } of watched) relay.aim(other.port);
      dying.child.kill("SIGKILL");
      const after = await publishTo(bench, other, ["4", "5"]);
      await mustReceive(watched, events(["4", "5"]), after);
      for (const { relay } of watched) equal(streamsOf(relay)[1]?.headers.get("last-event-id"), before.at(-1));
      await mustReceive(watched, events(["6"]), await publishTo(bench, other, ["6"]));
      await mustBeSilent(watched);
    },
  },
  {
    name: "restarted-mid-stream",
    demand: "A proxy that starts again, with a journal that outlives it, goes on for its clients where it stopped",
    section: "lastEventId",
    wpt: "eventsource-reconnect",
    judges: eventSources,
    run: async (bench) => {
      const old = await mortalProxy(bench);
      const watched = await watchThrough(bench, old.port);
      const before = await publishTo(bench, old, ["1", "2"]);
      await mustReceive(watched, events(["1", "2"]), before);
      // Its port may be somebody else's as soon as it is dead.
      for (const { relay } of watched) relay.aim(1);
      old.child.kill("SIGKILL");
      await old.exited;
      const anew = await mortalProxy(bench);
      const missed = await publishTo(bench, anew, ["3"]);
      for (const { relay } of watched) relay.aim(anew.port);
      await mustReceive(watched, events(["3"]), missed);
      await mustReceive(watched, events(["4"]), await publishTo(bench, anew, ["4"]));
      await mustBeSilent(watched);
    },
  },
  {
    name: "restart-without-journal",
    demand: "Where the journal went with its process, clients that come back are told of the gap",
    section: "lastEventId",
    wpt: "eventsource-reconnect",
    judges: eventSources,
    run: async (bench) => {
      const [old, anew] = [await bench.fleet.start(), bench.proxy];
      bench.later(() => old.stop());
      const watched = await watchThrough(bench, old.port);
      const ids = await publishTo(bench, old, ["1"]);
      await mustReceive(watched, events(["1"]), ids);
      for (const { relay } of watched) relay.aim(anew.port);
      old.child.kill("SIGKILL");
      for (const { listener } of watched) {
        const [gap] = await listener.take(1);
        equal(gap?.type, "revenprox.gap");
        deepEqual(JSON.parse(gap?.data ?? "").reason, "reset");
      }
      await mustReceive(watched, events(["2"]), await publishTo(bench, anew, ["2"]));
    },
  },
  {
    name: "drained",
    demand: "A proxy that shuts down ends streams so that clients come back at their own time and miss nothing",
    section: "processing",
    wpt: "eventsource-reconnect",
    judges: [...eventSources, "wire"],
    run: async (bench) => {
      const [leaving, other] = await Promise.all([mortalProxy(bench), survivor(bench)]);
      const watched = await watchThrough(bench, leaving.port);
      const bare = openStream(leaving.port, bench.path);
      bench.later(() => bare.close());
      await bare.waitFor("id: ");
      const before = await publishTo(bench, leaving, ["1", "2"]);
      await mustReceive(watched, events(["1", "2"]), before);
      for (const { relay } of watched) relay.aim(other.port);
      leaving.child.kill("SIGTERM");
      equal(await leaving.exited, 0);
      const missed = await publishTo(bench, other, ["3"]);
      await mustReceive(watched, events(["3"]), missed);
      for (const { relay, listener } of watched) {
        deepEqual(await listener.changes(3), ["open", "reconnecting", "open"]);
        match(relay.passed(), /HTTP\/1\.1 200 OK\r\n.*retry: \d+\n\n.*\r\n0\r\n\r\n/s);
      }
      await mustReceive(watched, events(["4"]), await publishTo(bench, other, ["4"]));
      await mustBeSilent(watched);
      equal(bare.body().kind, "complete");
      match(bare.text(), /\nretry: \d{4,5}\n\n$/);
    },
  },
  {
    name: "drained-slowly",
    demand:
      "A client whose stream is ended early in a long shutdown does not come back on the same connection to be refused",
    section: "processing",
    wpt: "request-status-error",
    judges: eventSources,
    run: async (bench) => {
      const [leaving, other] = await Promise.all([
        mortalProxy(bench, { REVENPROX_HTTP__DRAIN_RATE_PER_SEC: "1" }),
        survivor(bench),
      ]);
      const watched = await watchThrough(bench, leaving.port);
      const held = Array.from({ length: 8 }, () => openStream(leaving.port, `${bench.path}-held`));
      bench.later(() => held.map((stream) => stream.close()));
      await Promise.all(held.map((stream) => stream.waitFor("id: ")));
      for (const { relay } of watched) relay.aim(other.port);
      leaving.child.kill("SIGTERM");
      for (const { listener } of watched) deepEqual(await listener.changes(3), ["open", "reconnecting", "open"]);
      await mustReceive(watched, events(["1"]), await publishTo(bench, other, ["1"]));
      await mustBeSilent(watched);
    },
  },
  {
    name: "ended-with-its-token",
    demand: "A stream ends when its token does, says so first, and clients that come back with it are refused for good",
    section: "processing",
    wpt: "request-status-error",
    judges: eventSources,
    run: async (bench) => {
      const webhook = await startWebhook();
      bench.later(() => webhook.close());
      const proxy = await bench.fleet.start({
        REVENPROX_JWT_VERIFIER__WEBHOOK_URL: webhook.url,
        REVENPROX_JWT_VERIFIER__NEGATIVE_CACHE_TTL_SEC: "600",
      });
      bench.later(() => proxy.stop());
      for (const name of eventSources) {
        const exp = Math.ceil(Date.now() / 1_000) + 8;
        webhook.reply = () => ({ body: Date.now() < exp * 1_000 ? { valid: true, exp } : { valid: false } });
        const url = `http://127.0.0.1:${proxy.port}${bench.path}?token=${name}`;
        const listener = await bench.open(name, url, { types: ["revenprox.auth"] });
        const [told] = await listener.take(1);
        ok(Date.now() >= exp * 1_000 - 500, "ended before its token did");
        deepEqual([told?.type, told?.data], ["revenprox.auth", '{"reason":"expired"}']);
        deepEqual(await listener.changes(3), ["open", "reconnecting", "closed"]);
      }
    },
  },
  {
    name: "ended-by-age",
    demand: "Streams that are ended for their age go on by themselves, again and again, and miss nothing",
    section: "processing",
    wpt: "eventsource-reconnect",
    judges: eventSources,
    run: async (bench) => {
      const proxy = await bench.fleet.start({ REVENPROX_HTTP__MAX_CONNECTION_AGE_SEC: "1" });
      bench.later(() => proxy.stop());
      const watched = await watchThrough(bench, proxy.port);
      const texts = ["1", "2", "3"];
      for (const [index, text] of texts.entries()) {
        await mustReceive(watched, events([text]), await publishTo(bench, proxy, [text]));
        for (const { relay } of watched)
          await until("the next reconnect", () => (streamsOf(relay).length > index + 1 ? true : undefined));
      }
      for (const { listener, relay } of watched) {
        const changes = await listener.changes(5);
        deepEqual(changes.slice(0, 5), ["open", "reconnecting", "open", "reconnecting", "open"]);
        match(relay.passed(), /\r\n0\r\n\r\n/);
      }
      await mustBeSilent(watched);
    },
  },
];
