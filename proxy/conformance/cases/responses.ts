import { deepEqual, equal, match, ok } from "node:assert/strict";
import { until } from "../../test/testing/proxy-process.ts";
import type { Bench } from "../bench.ts";
import { type ConformanceCase, eventSources, readers } from "../case.ts";
import { mustBeSilent, mustReceive, sendAll } from "../delivery.ts";
import { headersOf } from "../headers.ts";

/** Each EventSource of the case must give up for good after one request, and the answer have that status. */
const mustEndForGood = async (bench: Bench, path: string, status: number): Promise<void> => {
  equal((await fetch(`${bench.base}${path}`)).status, status);
  await Promise.all(
    eventSources.map(async (name) => {
      const relay = await bench.relay();
      const listener = await bench.open(name, `${relay.base}${path}`);
      deepEqual(await listener.changes(1), ["closed"]);
      equal(relay.requests.filter(({ method }) => method === "GET").length, 1);
    }),
  );
};

const connections = async (bench: Bench): Promise<number> =>
  ((await (await fetch(`${bench.base}/health`)).json()) as { readonly connections: number }).connections;

/** The answer to a subscriber: status, headers, and when it comes. */
export const responseCases: readonly ConformanceCase[] = [
  {
    name: "open-before-any-event",
    demand: "A stream is open at once, before anything was published",
    section: "processing",
    wpt: "eventsource-onopen",
    judges: readers,
    run: async (bench) => {
      const opened = await bench.openAll();
      for (const { listener } of opened) deepEqual(await listener.changes(1), ["open"]);
      await mustBeSilent(opened);
    },
  },
  {
    name: "content-type-exact",
    demand: "Content-Type is text/event-stream and nothing else",
    section: "processing",
    wpt: "format-mime-bogus",
    judges: ["wire"],
    run: async (bench) => {
      const stream = bench.wire();
      await stream.waitFor("retry: ");
      match(stream.head(), /^HTTP\/1\.1 200 OK\r\n/);
      deepEqual(stream.head().match(/^content-type:.*$/gim), ["Content-Type: text/event-stream"]);
    },
  },
  {
    name: "no-cache-no-transform",
    demand: "Nothing on the way may store, change or hold back the stream",
    section: "authoring",
    judges: ["wire"],
    run: async (bench) => {
      const stream = bench.wire({ "Accept-Encoding": "gzip, br, zstd" });
      await stream.waitFor("retry: ");
      const headers = headersOf(stream.head());
      deepEqual(
        ["cache-control", "x-accel-buffering", "content-encoding", "content-length"].map((name) => headers.get(name)),
        ["no-cache, no-transform", "no", undefined, undefined],
      );
    },
  },
  {
    name: "stream-begins-with-retry",
    demand: "The first bytes are a whole block with retry and id; no byte order mark is ever before them",
    section: "parsing",
    wpt: "format-bom-2",
    judges: ["wire"],
    run: async (bench) => {
      match(await bench.wire().waitFor("\n\n"), /^retry: 1000\nid: \d+-\d{3,}\n\n/);
    },
  },
  {
    name: "whole-blocks-only",
    demand: "What the proxy has written always ends with a blank line",
    section: "interpretation",
    wpt: "format-data-before-final-empty-line",
    judges: ["wire"],
    run: async (bench) => {
      const stream = bench.wire();
      await stream.waitFor("id: ");
      for (let index = 0; index < 20; index += 1) {
        await bench.send({ data: `${index}\n` });
        await until(`the whole event ${index}`, () => {
          const text = stream.text();
          return text.includes(`data: ${index}\ndata: \n`) && text.endsWith("\n\n") ? true : undefined;
        });
      }
    },
  },
  {
    name: "comments-are-invisible",
    demand: "Keepalive comments pass on the wire and surface in no client",
    section: "interpretation",
    wpt: "format-comments",
    judges: [...readers, "wire"],
    run: async (bench) => {
      const opened = await bench.openAll();
      const stream = bench.wire();
      await until("two keepalive comments", () =>
        (stream.text().match(/^:$/gm) ?? []).length >= 2 ? true : undefined,
      );
      await mustReceive(opened, [{ data: "x" }], [await bench.send({ data: "x" })]);
      await mustBeSilent(opened);
    },
  },
  {
    name: "request-accept",
    demand: "A request with Accept: text/event-stream, as every EventSource sends it, gets a stream",
    section: "interface",
    wpt: "request-accept",
    judges: eventSources,
    run: async (bench) => {
      for (const name of eventSources) {
        const relay = await bench.relay();
        deepEqual(await (await bench.open(name, `${relay.base}${bench.path}`)).changes(1), ["open"]);
        equal(relay.requests[0]?.headers.get("accept"), "text/event-stream");
      }
    },
  },
  {
    name: "request-without-accept",
    demand: "A request without Accept, or with any, gets a stream too",
    section: "processing",
    judges: ["wire"],
    run: async (bench) => {
      for (const headers of [{}, { Accept: "*/*" }, { Accept: "text/html" }])
        await bench.wire(headers).waitFor("retry: ");
    },
  },
  {
    name: "request-cache-control",
    demand: "Cache-Control: no-cache or no-store of an EventSource is no obstacle",
    section: "processing",
    wpt: "request-cache-control",
    judges: eventSources,
    run: async (bench) => {
      for (const name of eventSources) {
        const relay = await bench.relay();
        deepEqual(await (await bench.open(name, `${relay.base}${bench.path}`)).changes(1), ["open"]);
        ok(relay.requests[0]?.headers.has("cache-control"));
      }
    },
  },
  {
    name: "status-404-ends-for-good",
    demand: "A path that is not served ends an EventSource for good, with one request",
    section: "processing",
    wpt: "request-status-error",
    judges: eventSources,
    run: (bench) => mustEndForGood(bench, "/nothing/here", 404),
  },
  {
    name: "status-400-ends-for-good",
    demand: "A topic that cannot be ends an EventSource for good, with one request",
    section: "processing",
    wpt: "request-status-error",
    judges: eventSources,
    run: (bench) => mustEndForGood(bench, "/events/a%00b", 400),
  },
  {
    name: "other-content-type-ends-for-good",
    demand: "A page of the proxy that is no stream ends an EventSource for good",
    section: "processing",
    wpt: "format-mime-bogus",
    judges: eventSources,
    run: (bench) => mustEndForGood(bench, "/health", 200),
  },
  {
    name: "redirect-in-front",
    demand: "A redirect in front of the proxy is followed to the stream",
    section: "processing",
    wpt: "request-redirect",
    judges: eventSources,
    run: async (bench) => {
      for (const status of ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect"]) {
        const lines = [`HTTP/1.1 ${status}`, `Location: ${bench.base}${bench.path}`, "Access-Control-Allow-Origin: *"];
        const answer = `${lines.join("\r\n")}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;
        for (const name of eventSources) {
          const relay = await bench.relay({ canned: [answer] });
          const listener = await bench.open(name, `${relay.base}/moved`);
          deepEqual(await listener.changes(1), ["open"]);
          await mustReceive([{ name, listener }], [{ data: status }], [await bench.send({ data: status })]);
        }
      }
    },
  },
  {
    name: "two-streams-one-topic",
    demand: "Two EventSources of one page on one address each get every event once",
    section: "interface",
    wpt: "eventsource-eventtarget",
    judges: readers,
    run: async (bench) => {
      const opened = [...(await bench.openAll()), ...(await bench.openAll())];
      const events = [{ data: "1" }, { data: "2" }];
      await mustReceive(opened, events, await sendAll(bench, events));
      await mustBeSilent(opened);
    },
  },
  {
    name: "in-a-worker",
    demand: "An EventSource in a dedicated worker reads a stream",
    section: "interface",
    wpt: "dedicated-worker/eventsource-onmesage",
    judges: ["chromium"],
    run: async (bench) => {
      const ids = await sendAll(bench, [{ data: "1" }, { data: "in a worker" }]);
      const url = `${bench.base}${bench.path}?lastEventId=${ids[0]}`;
      const program = `new EventSource(${JSON.stringify(url)}).onmessage = ({ data }) => { postMessage(data); close(); };`;
      const data = await bench.chromium.evaluate(
        "home",
        `new Promise((resolve) => {
          const program = new Blob([${JSON.stringify(program)}]);
          new Worker(URL.createObjectURL(program)).onmessage = ({ data }) => resolve(data);
        })`,
      );
      equal(data, "in a worker");
    },
  },
  {
    name: "close-by-client",
    demand: "close() ends the stream: the proxy lets go of it, and the client does not come back",
    section: "interface",
    wpt: "eventsource-close",
    judges: eventSources,
    run: async (bench) => {
      const proxy = await bench.fleet.start();
      const own: Bench = { ...bench, base: `http://127.0.0.1:${proxy.port}` };
      bench.later(() => proxy.stop());
      for (const name of eventSources) {
        const listener = await bench.open(name, `${own.base}${bench.path}`);
        await listener.changes(1);
        await until("one connection", async () => ((await connections(own)) === 1 ? true : undefined));
        await listener.close();
        await until("no connection", async () => ((await connections(own)) === 0 ? true : undefined));
      }
    },
  },
];
