import { deepEqual, ok } from "node:assert/strict";
import { until } from "../../test/testing/proxy-process.ts";
import { send } from "../bench.ts";
import { type ConformanceCase, eventSources } from "../case.ts";
import { mustBeSilent, mustReceive } from "../delivery.ts";
import { refusedPublish } from "../refused-publish.ts";
import { streamsOf, type Watched, watchThrough } from "../watched.ts";

/** Milliseconds between the end of a stream and the request that follows; `end` ends it. */
const waitsAfter = async (watched: readonly Watched[], end: (each: Watched) => void): Promise<readonly number[]> =>
  Promise.all(
    watched.map(async (each) => {
      const before = streamsOf(each.relay).length;
      const began = performance.now();
      end(each);
      const next = await until("the next request", () => streamsOf(each.relay)[before]);
      return next.at - began;
    }),
  );

/**
 * The standard lets a client wait longer than it is told; one tenth less is WPT's own tolerance for clocks. So a time
 * proves something only if it is longer than the 3 seconds that clients wait when they are told nothing.
 */
const longRetryMs = 5_000;
const mustWait = (waits: readonly number[]): void => {
  for (const wait of waits) ok(wait >= longRetryMs * 0.9, `waited ${wait} ms`);
};

/** Where a stream is cut: marks in the frame `id: … event: cut data: half data: whole`, the first with the chunk's head. */
const cuts = [
  "\r\nid: ",
  "\nevent: c",
  "\nevent: cut\n",
  "\ndata: ha",
  "\ndata: half\n",
  "\ndata: whole",
  "\ndata: whole\n",
];

/** The end of a stream, and the way back. */
export const reconnectionCases: readonly ConformanceCase[] = [
  {
    name: "cut-inside-a-frame",
    demand: "A frame that was cut before its blank line is not dispatched, and comes whole after the reconnect",
    section: "interpretation",
    wpt: "format-data-before-final-empty-line",
    judges: eventSources,
    run: async (bench) => {
      const tries = cuts.flatMap((cutBehind, index) => eventSources.map((name) => ({ name, cutBehind, index })));
      await Promise.all(
        tries.map(async ({ name, cutBehind, index }) => {
          const topic = `${bench.topic}-${index}-${name}`;
          const relay = await bench.relay({ cutBehind });
          const listener = await bench.open(name, `${relay.base}/events/${topic}`, { types: ["cut"] });
          await listener.changes(1);
          const sent = { data: "half\nwhole", event: "cut" };
          const id = await send(bench.proxy.port, topic, sent);
          await mustReceive([{ name, listener }], [sent], [id]);
          deepEqual(await listener.changes(3), ["open", "reconnecting", "open"]);
          await mustReceive(
            [{ name, listener }],
            [{ data: "next" }],
            [await send(bench.proxy.port, topic, { data: "next" })],
          );
          await mustBeSilent([{ name, listener }]);
        }),
      );
    },
  },
  {
    name: "retry-of-the-first-chunk",
    demand: "After the end of a stream clients wait the time that its first chunk told them",
    section: "processing",
    wpt: "format-field-retry",
    judges: eventSources,
    run: async (bench) => {
      const proxy = await bench.fleet.start({ REVENPROX_HTTP__RETRY_MS: String(longRetryMs) });
      bench.later(() => proxy.stop());
      const watched = await watchThrough(bench, proxy.port);
      mustWait(await waitsAfter(watched, ({ relay }) => relay.cut()));
      for (const { listener } of watched) deepEqual(await listener.changes(3), ["open", "reconnecting", "open"]);
    },
  },
  {
    name: "retry-of-an-event",
    demand: "A published retry changes the time that clients wait",
    section: "interpretation",
    wpt: "format-field-retry",
    judges: eventSources,
    run: async (bench) => {
      const watched = await watchThrough(bench, bench.proxy.port);
      const id = await bench.send({ data: "wait", retry: longRetryMs });
      await mustReceive(watched, [{ data: "wait" }], [id]);
      mustWait(await waitsAfter(watched, ({ relay }) => relay.cut()));
    },
  },
  {
    name: "retry-within-bounds",
    demand: "A published retry that would make clients storm or stay away is brought within 1 to 60 seconds",
    section: "authoring",
    judges: ["wire"],
    run: async (bench) => {
      const stream = bench.wire();
      await stream.waitFor("id: ");
      for (const retry of [0, 1, 86_400_000]) await bench.send({ data: `retry ${retry}`, retry });
      const text = await stream.waitFor("data: retry 86400000\n\n");
      deepEqual(text.match(/(?<=^retry: ).*$/gm)?.slice(1), ["1000", "1000", "60000"]);
    },
  },
  refusedPublish(
    {
      name: "retry-bogus",
      demand: "A retry that is no whole number of milliseconds is refused and never written",
      section: "interpretation",
      wpt: "format-field-retry-bogus",
    },
    { status: 400, code: "event_invalid" },
    ["1000", "1000x", "", 1.5, -1, null, true].map((retry) => ({ data: "x", retry })),
  ),
  {
    name: "unreachable-for-a-while",
    demand: "Clients that meet no proxy for a while keep trying, and miss nothing",
    section: "processing",
    wpt: "eventsource-reconnect",
    judges: eventSources,
    run: async (bench) => {
      const watched = await watchThrough(bench, bench.proxy.port);
      const first = await bench.send({ data: "first" });
      await mustReceive(watched, [{ data: "first" }], [first]);
      for (const { relay } of watched) {
        relay.aim(1);
        relay.cut();
      }
      const second = await bench.send({ data: "second" });
      for (const { relay, listener } of watched) {
        await listener.changes(3);
        relay.aim(bench.proxy.port);
      }
      await mustReceive(watched, [{ data: "second" }], [second]);
      for (const { listener } of watched) ok(!(await listener.changes(1)).includes("closed"));
    },
  },
];
