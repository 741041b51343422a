import { deepEqual, equal, match, ok } from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { placedStreams } from "../../test/testing/placed-streams.ts";
import { until } from "../../test/testing/proxy-process.ts";
import { openStream } from "../../test/testing/raw-stream.ts";
import { type Bench, send } from "../bench.ts";
import { type ConformanceCase, eventSources, readers } from "../case.ts";
import { mustBeSilent, mustReceive, sendAll } from "../delivery.ts";

const numbered = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => ({ data: String(from + index) }));

const idsIn = (text: string): readonly string[] => [...text.matchAll(/^id: (.*)$/gm)].map(([, id = ""]) => id);

const sequenceOf = (id: string): number => Number(id.split("-")[1]);

/** The `Last-Event-ID` of each GET that passed the relay. */
const sentIds = (relay: Awaited<ReturnType<Bench["relay"]>>): readonly (string | undefined)[] =>
  relay.requests.filter(({ method }) => method === "GET").map(({ headers }) => headers.get("last-event-id"));

const quietMs = 300;

/** Nothing has passed for a while, so the client has read what did: what its transport still holds may be lost with the connection. */
const whenRead = async (relay: Awaited<ReturnType<Bench["relay"]>>): Promise<void> => {
  const passed = relay.passed().length;
  await setTimeout(quietMs);
  if (relay.passed().length > passed) await whenRead(relay);
};

/** What stands in `id:` and comes back as `Last-Event-ID`. */
export const eventIdCases: readonly ConformanceCase[] = [
  {
    name: "no-id-without-journal",
    demand: "Where nothing is stored no frame has an id, so the last event id stays the empty string",
    section: "interpretation",
    wpt: "format-field-id-2",
    judges: [...readers, "wire"],
    run: async (bench) => {
      const proxy = await bench.fleet.start({ REVENPROX_JOURNAL__ENABLED: "false" });
      bench.later(() => proxy.stop());
      const { port } = proxy;
      const opened = await bench.openAll({ base: `http://127.0.0.1:${port}`, types: ["note"] });
      const stream = openStream(port, bench.path);
      bench.later(() => stream.close());
      await placedStreams(proxy, opened.length + 1);
      const events = [{ data: "plain" }, { data: "two\nlines" }, { data: "typed", event: "note" }];
      for (const event of events) {
        const body = JSON.stringify(event);
        const headers = { "content-type": "application/json" };
        const answer = await fetch(`http://127.0.0.1:${port}${bench.path}`, { method: "POST", headers, body });
        deepEqual([answer.status, await answer.json()], [202, {}]);
      }
      await mustReceive(
        opened,
        events,
        events.map(() => ""),
      );
      ok(!/^id/m.test(await stream.waitFor("data: typed\n\n")));
    },
  },
  {
    name: "id-of-publish",
    demand: "lastEventId of an event is the id that its publisher was told",
    section: "interpretation",
    wpt: "format-field-id",
    judges: readers,
    run: async (bench) => {
      const opened = await bench.openAll();
      const events = numbered(1, 10);
      const ids = await sendAll(bench, events);
      equal(new Set(ids).size, ids.length);
      await mustReceive(opened, events, ids);
    },
  },
  {
    name: "id-of-safe-characters",
    demand: "Every id is at most 64 bytes of unreserved characters, so that no browser asks for leave to send it back",
    section: "cors",
    wpt: "eventsource-cross-origin-preflight",
    judges: ["wire"],
    run: async (bench) => {
      const stream = bench.wire({ "Last-Event-ID": "no id of ours" });
      await stream.waitFor("revenprox.gap");
      await bench.send({ data: "x" });
      const ids = idsIn(await stream.waitFor("data: x\n\n"));
      ok(ids.length >= 2);
      for (const id of ids) match(id, /^[A-Za-z0-9._~-]{1,64}$/);
    },
  },
  {
    name: "priming-id",
    demand: "The first chunk sets an id, so a client that saw no event resumes where it began",
    section: "lastEventId",
    wpt: "format-field-id-2",
    judges: eventSources,
    run: async (bench) => {
      for (const name of eventSources) {
        const relay = await bench.relay();
        const listener = await bench.open(name, `${relay.base}${bench.path}`);
        await listener.changes(1);
        await until("the priming id to pass", () => idsIn(relay.passed())[0]);
        await whenRead(relay);
        relay.cut();
        const id = await bench.send({ data: `missed by ${name}` });
        deepEqual(await listener.take(1), [{ type: "message", data: `missed by ${name}`, lastEventId: id }]);
        match(sentIds(relay)[1] ?? "", /^\d+-\d+$/);
      }
    },
  },
  {
    name: "last-event-id-of-last-event",
    demand: "A client that comes back sends the id of its last event, and gets what it missed, once and in order",
    section: "lastEventId",
    wpt: "format-field-id-3",
    judges: eventSources,
    run: async (bench) => {
      await Promise.all(
        eventSources.map(async (name) => {
          const relay = await bench.relay();
          const opened = [{ name, listener: await bench.open(name, `${relay.base}/events/${bench.topic}-${name}`) }];
          await opened[0]?.listener.changes(1);
          const publish = (data: string) => send(bench.proxy.port, `${bench.topic}-${name}`, { data });
          const ids = [await publish("1"), await publish("2")];
          await mustReceive(opened, numbered(1, 2), ids);
          relay.cut();
          ids.push(await publish("3"), await publish("4"));
          await mustReceive(opened, numbered(3, 4), ids.slice(2));
          await mustReceive(opened, [{ data: "5" }], [await publish("5")]);
          await mustBeSilent(opened);
          deepEqual(sentIds(relay), [undefined, ids[1]]);
        }),
      );
    },
  },
  {
    name: "id-without-data",
    demand:
      "A block of an id alone, which keepalives of a quiet topic are, moves the client's id and dispatches nothing",
    section: "interpretation",
    wpt: "format-field-id",
    judges: eventSources,
    run: async (bench) => {
      const watched = await Promise.all(
        eventSources.map(async (name) => {
          const relay = await bench.relay();
          const listener = await bench.open(name, `${relay.base}${bench.path}`);
          await listener.changes(1);
          return { name, relay, listener };
        }),
      );
      // The journal moves on by events of another topic; that id reaches this one's streams in a keepalive.
      const moved = await send(bench.proxy.port, `${bench.topic}-other`, { data: "x" });
      for (const { relay, listener } of watched) {
        await until("a later id", () => idsIn(relay.passed()).find((id) => sequenceOf(id) >= sequenceOf(moved)));
        await whenRead(relay);
        relay.cut();
        const told = idsIn(relay.passed()).at(-1);
        await listener.changes(3);
        equal(sentIds(relay)[1], told);
      }
      await mustBeSilent(watched);
    },
  },
  {
    name: "resume-by-header",
    demand: "A request with Last-Event-ID gets everything after that id, in order, and then what comes live",
    section: "lastEventId",
    judges: ["wire"],
    run: async (bench) => {
      const ids = await sendAll(bench, numbered(1, 5));
      const stream = bench.wire({ "Last-Event-ID": ids[1] ?? "" });
      await stream.waitFor("data: 5\n\n");
      const live = await bench.send({ data: "6" });
      const text = await stream.waitFor("data: 6\n\n");
      deepEqual(
        [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => data),
        ["3", "4", "5", "6"],
      );
      deepEqual(idsIn(text).slice(-4), [...ids.slice(2), live]);
    },
  },
  {
    name: "resume-by-query",
    demand: "A first request, whose headers no page can set, resumes by ?lastEventId",
    section: "lastEventId",
    judges: readers,
    run: async (bench) => {
      const ids = await sendAll(bench, numbered(1, 4));
      await Promise.all(
        readers.map(async (name) => {
          const listener = await bench.open(name, `${bench.base}${bench.path}?lastEventId=${ids[1]}`);
          await mustReceive([{ name, listener }], numbered(3, 4), ids.slice(2));
        }),
      );
    },
  },
  {
    name: "header-beats-query",
    demand: "Last-Event-ID, which is newer, wins over the id in the address",
    section: "lastEventId",
    wpt: "format-field-id-2",
    judges: ["wire"],
    run: async (bench) => {
      const ids = await sendAll(bench, numbered(1, 3));
      const stream = bench.wire({ "Last-Event-ID": ids[1] ?? "" }, `?lastEventId=${ids[0]}`);
      const text = await stream.waitFor("data: 3\n\n");
      ok(!text.includes("data: 2\n"));
    },
  },
  {
    name: "empty-last-event-id",
    demand: "An empty Last-Event-ID is none: no gap is told and nothing old comes",
    section: "lastEventId",
    wpt: "format-field-id-2",
    judges: ["wire"],
    run: async (bench) => {
      await bench.send({ data: "old" });
      const stream = bench.wire({ "Last-Event-ID": "" });
      await stream.waitFor("id: ");
      await bench.send({ data: "new" });
      const text = await stream.waitFor("data: new\n\n");
      ok(!text.includes("revenprox.gap") && !text.includes("data: old"));
    },
  },
  {
    name: "same-id-twice",
    demand: "Two clients that resume at the same id get the same",
    section: "lastEventId",
    judges: ["wire"],
    run: async (bench) => {
      const ids = await sendAll(bench, numbered(1, 3));
      const bodies = await Promise.all(
        [1, 2].map(() => bench.wire({ "Last-Event-ID": ids[0] ?? "" }).waitFor("data: 3\n\n")),
      );
      const [first, second] = bodies.map((body) => body.replace(/^:\n(id: .*\n)?\n/gm, ""));
      equal(first, second);
    },
  },
];
