import { deepEqual } from "node:assert/strict";
import { createParser } from "eventsource-parser";
import { until } from "../../test/testing/proxy-process.ts";
import type { Sent } from "../bench.ts";
import { type ConformanceCase, readers } from "../case.ts";
import { mustBeSilent, mustReceive, sendAll } from "../delivery.ts";

const telling: readonly Sent[] = [
  { data: "Grüße 👩‍👩‍👧‍👦\r\nzwei\rdrei\n", event: "größe" },
  { data: "\ufeff: x\n\nid: 1" },
  { data: "" },
];

/** What the parser makes of the bytes when they come in these pieces. */
const parsed = (pieces: readonly Uint8Array[]): readonly object[] => {
  const events: object[] = [];
  const parser = createParser({ onEvent: (event) => events.push(event) });
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  for (const piece of pieces) parser.feed(decoder.decode(piece, { stream: true }));
  return events;
};

/** The same bytes, however they travel. */
export const segmentCases: readonly ConformanceCase[] = [
  {
    name: "a-segment-for-each-byte",
    demand: "A stream whose every byte travels alone, chunk framing included, reads the same",
    section: "parsing",
    judges: readers,
    run: async (bench) => {
      const relay = await bench.relay({ byteByByte: true });
      const opened = await bench.openAll({ base: relay.base, types: ["größe"] });
      await mustReceive(opened, telling, await sendAll(bench, telling));
      await mustBeSilent(opened);
    },
  },
  {
    name: "a-split-at-each-byte",
    demand: "A stream that is split in two at any byte reads the same",
    section: "parsing",
    judges: ["eventsource-parser", "wire"],
    run: async (bench) => {
      const opened = await bench.openAll({ types: ["größe"] });
      const stream = bench.wire();
      await stream.waitFor("id: ");
      const ids = await sendAll(bench, [...telling, { data: "end" }]);
      await mustReceive(opened, [...telling, { data: "end" }], ids);
      const bytes = new TextEncoder().encode(await stream.waitFor("data: end\n\n"));
      const whole = parsed([bytes]);
      deepEqual(whole.length, ids.length);
      for (let at = 1; at < bytes.length; at += 1)
        deepEqual(parsed([bytes.subarray(0, at), bytes.subarray(at)]), whole);
    },
  },
  {
    name: "many-events-at-once",
    demand: "Events that are written together arrive apart, all, once and in order",
    section: "parsing",
    judges: readers,
    run: async (bench) => {
      const opened = await bench.openAll();
      const events = Array.from({ length: 300 }, (_, index) => ({ data: `${index}${"\n".repeat(index % 5)}` }));
      const ids = await Promise.all(events.map((event) => bench.send(event)));
      const sequence = (id: string) => Number(id.split("-")[1]);
      const order = ids.map((_, index) => index).sort((a, b) => sequence(ids[a] ?? "") - sequence(ids[b] ?? ""));
      const pick = <T>(from: readonly T[]) => order.flatMap((index) => from.slice(index, index + 1));
      await mustReceive(opened, pick(events), pick(ids));
      await mustBeSilent(opened);
    },
  },
  {
    name: "large-between-small",
    demand: "Large and small events in turn arrive whole and in order",
    section: "parsing",
    judges: readers,
    run: async (bench) => {
      const opened = await bench.openAll();
      const events = Array.from({ length: 40 }, (_, index) => ({ data: "x".repeat(index % 4 === 0 ? 40_000 : index) }));
      await mustReceive(opened, events, await sendAll(bench, events));
    },
  },
  {
    name: "resumed-bytes-are-live-bytes",
    demand: "What a resumed client gets is the same bytes as the live one got",
    section: "lastEventId",
    judges: ["wire"],
    run: async (bench) => {
      const before = await bench.send({ data: "before" });
      const live = bench.wire();
      await live.waitFor("id: ");
      await sendAll(bench, [...telling, { data: "end" }]);
      await live.waitFor("data: end\n\n");
      const resumed = bench.wire({ "Last-Event-ID": before });
      await until("the same end", () => (resumed.text().includes("data: end\n\n") ? true : undefined));
      const frames = (text: string) => text.split("\n\n").filter((block) => block.includes("\ndata: "));
      deepEqual(frames(resumed.text()), frames(live.text()));
    },
  },
];
