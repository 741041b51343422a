import { deepEqual, equal, match, ok } from "node:assert/strict";
import { until } from "../../test/testing/proxy-process.ts";
import { openStream, rawExchange } from "../../test/testing/raw-stream.ts";
import type { Bench } from "../bench.ts";
import type { ConformanceCase } from "../case.ts";
import type { Change, Opening } from "../judges/judge.ts";

const corsHeaders = (head: string): readonly string[] =>
  (head.match(/^(access-control-allow-(origin|credentials)|vary):.*$/gim) ?? [])
    .map((line) => line.toLowerCase())
    .sort();

const listed = async (bench: Bench): Promise<string> =>
  `http://127.0.0.1:${(await bench.fleet.listed(bench.chromium.origins.home)).port}`;

/** What becomes first of Chromium's stream from that page. */
const firstChange = async (bench: Bench, base: string, opening: Opening): Promise<readonly Change[]> =>
  (await bench.open("chromium", `${base}${bench.path}`, opening)).changes(1);

/** A stream whose end leaves the client with this id. */
const streamWithId = (id: string): string =>
  [
    "HTTP/1.1 200 OK",
    "Content-Type: text/event-stream",
    "Access-Control-Allow-Origin: *",
    "Connection: close",
    "",
    `retry: 100\nid: ${id}\ndata: x\n\n`,
  ].join("\r\n");

/** Chromium comes back with an id that another server gave it: the proxy must let it in, and say what it makes of the id. */
const mustTakeBack = async (bench: Bench, id: string): Promise<readonly string[]> => {
  const relay = await bench.relay({ canned: [streamWithId(id)] });
  const listener = await bench.open("chromium", `${relay.base}${bench.path}`, { types: ["revenprox.gap"] });
  const [canned, gap] = await listener.take(2);
  deepEqual([canned?.lastEventId, gap?.type], [id, "revenprox.gap"]);
  equal(JSON.parse(gap?.data ?? "").reason, "invalid");
  deepEqual(await listener.changes(3), ["open", "reconnecting", "open"]);
  equal(relay.requests.at(-1)?.headers.get("last-event-id"), id);
  return relay.requests.map(({ method }) => method);
};

/** The reason that a page's fetch fails, or its status. */
const fetchIn = (page: "home" | "foreign", bench: Bench, url: string, init: object): Promise<string> =>
  bench.chromium.evaluate(
    page,
    `fetch(${JSON.stringify(url)}, ${JSON.stringify(init)}).then(
      async (response) => { await response.body?.cancel(); return String(response.status); },
      (error) => error.name,
    )`,
  );

/** Who may read: pages of other origins, with and without credentials, and what browsers ask before. */
export const corsCases: readonly ConformanceCase[] = [
  {
    name: "same-origin-page",
    demand: "A page of the proxy's own origin reads a stream",
    section: "interface",
    wpt: "eventsource-url",
    judges: ["chromium"],
    run: async (bench) => {
      const listener = await bench.open("chromium", `${bench.base}${bench.path}`, { page: "same" });
      deepEqual(await listener.changes(1), ["open"]);
      const id = await bench.send({ data: "x" });
      deepEqual(await listener.take(1), [{ type: "message", data: "x", lastEventId: id }]);
    },
  },
  {
    name: "any-origin",
    demand: "With * a page of any origin reads a stream",
    section: "cors",
    wpt: "eventsource-cross-origin",
    judges: ["chromium", "wire"],
    run: async (bench) => {
      for (const page of ["home", "foreign"] as const)
        deepEqual(await firstChange(bench, bench.base, { page }), ["open"]);
      const stream = bench.wire({ Origin: "https://a.example" });
      await stream.waitFor("retry: ");
      deepEqual(corsHeaders(stream.head()), ["access-control-allow-origin: *"]);
    },
  },
  {
    name: "any-origin-with-credentials",
    demand: "With * a page that sends credentials is refused by its browser, since * never goes with them",
    section: "cors",
    wpt: "request-credentials",
    judges: ["chromium"],
    run: async (bench) => {
      deepEqual(await firstChange(bench, bench.base, { withCredentials: true }), ["closed"]);
    },
  },
  {
    name: "listed-origin",
    demand:
      "A page of a listed origin reads a stream; the answer names that origin alone, and says that it depends on it",
    section: "cors",
    wpt: "eventsource-cross-origin",
    judges: ["chromium", "wire"],
    run: async (bench) => {
      deepEqual(await firstChange(bench, await listed(bench), {}), ["open"]);
      const { port } = await bench.fleet.listed(bench.chromium.origins.home);
      const stream = openStream(port, bench.path, { Origin: bench.chromium.origins.home });
      bench.later(() => stream.close());
      await stream.waitFor("retry: ");
      deepEqual(corsHeaders(stream.head()), [
        "access-control-allow-credentials: true",
        `access-control-allow-origin: ${bench.chromium.origins.home}`,
        "vary: origin",
      ]);
    },
  },
  {
    name: "listed-origin-with-credentials",
    demand: "A page of a listed origin may send credentials",
    section: "cors",
    wpt: "request-credentials",
    judges: ["chromium"],
    run: async (bench) => {
      deepEqual(await firstChange(bench, await listed(bench), { withCredentials: true }), ["open"]);
    },
  },
  {
    name: "foreign-origin",
    demand: "A page of an origin that is not listed reads nothing, and its EventSource gives up for good",
    section: "cors",
    wpt: "eventsource-cross-origin",
    judges: ["chromium", "wire"],
    run: async (bench) => {
      deepEqual(await firstChange(bench, await listed(bench), { page: "foreign" }), ["closed"]);
      const { port } = await bench.fleet.listed(bench.chromium.origins.home);
      for (const origin of [bench.chromium.origins.foreign, "null", `${bench.chromium.origins.home}.example`]) {
        const stream = openStream(port, bench.path, { Origin: origin });
        await stream.waitFor("retry: ");
        deepEqual(corsHeaders(stream.head()), ["vary: origin"]);
        stream.close();
      }
    },
  },
  {
    name: "own-id-needs-no-preflight",
    demand: "A reconnect with an id of ours brings no preflight",
    section: "cors",
    wpt: "eventsource-cross-origin-preflight",
    judges: ["chromium"],
    run: async (bench) => {
      const relay = await bench.relay();
      const listener = await bench.open("chromium", `${relay.base}${bench.path}`);
      await listener.changes(1);
      const id = await bench.send({ data: "x" });
      await listener.take(1);
      relay.cut();
      await listener.changes(3);
      deepEqual(
        relay.requests.map(({ method, headers }) => [method, headers.get("last-event-id")]),
        [
          ["GET", undefined],
          ["GET", id],
        ],
      );
    },
  },
  {
    name: "foreign-id-of-unsafe-bytes",
    demand: "A browser that comes with another server's id of CORS-unsafe bytes is let in, preflight or not",
    section: "cors",
    wpt: "eventsource-cross-origin-preflight",
    judges: ["chromium"],
    run: async (bench) => {
      const methods = await mustTakeBack(bench, '("unsafe"):<1>@[2]{3}');
      ok(methods.at(-1) === "GET" && methods.length >= 2);
    },
  },
  {
    name: "foreign-id-over-128-bytes",
    demand: "A browser that comes with another server's id of more than 128 bytes is let in, preflight or not",
    section: "cors",
    wpt: "eventsource-cross-origin-preflight",
    judges: ["chromium"],
    run: async (bench) => {
      const methods = await mustTakeBack(bench, "long-".repeat(60));
      ok(methods.at(-1) === "GET" && methods.length >= 2);
    },
  },
  {
    name: "preflight-of-fetch-clients",
    demand: "A page that reads by fetch may send Authorization and Last-Event-ID",
    section: "cors",
    wpt: "eventsource-cross-origin-preflight",
    judges: ["chromium"],
    run: async (bench) => {
      const headers = { Authorization: "Bearer x", "Last-Event-ID": "1-001", "Cache-Control": "no-cache" };
      const relay = await bench.relay();
      equal(await fetchIn("home", bench, `${relay.base}${bench.path}`, { headers }), "200");
      const [preflight, request] = relay.requests;
      deepEqual([preflight?.method, request?.method], ["OPTIONS", "GET"]);
      match(preflight?.headers.get("access-control-request-headers") ?? "", /authorization,.*last-event-id/);
    },
  },
  {
    name: "preflight-of-a-foreign-origin",
    demand: "The preflight of an origin that is not listed grants nothing",
    section: "cors",
    wpt: "eventsource-cross-origin-preflight",
    judges: ["chromium", "wire"],
    run: async (bench) => {
      const url = `${await listed(bench)}${bench.path}`;
      const headers = { "Last-Event-ID": "1-001" };
      equal(await fetchIn("foreign", bench, url, { headers }), "TypeError");
      equal(await fetchIn("home", bench, url, { headers }), "200");
      const { port } = await bench.fleet.listed(bench.chromium.origins.home);
      const request = `OPTIONS ${bench.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://foreign.example\r\n`;
      const exchange = rawExchange(port, `${request}Access-Control-Request-Method: GET\r\n\r\n`);
      bench.later(() => exchange.close());
      await until("the answer", () => (exchange.raw().includes("\r\n\r\n") ? true : undefined));
      deepEqual(corsHeaders(exchange.head()), ["vary: origin"]);
    },
  },
  {
    name: "problem-is-readable",
    demand: "A page that reads by fetch can read why it was refused",
    section: "cors",
    judges: ["chromium"],
    run: async (bench) => {
      const url = `${bench.base}/events/a%00b`;
      const code = await bench.chromium.evaluate(
        "home",
        `fetch(${JSON.stringify(url)}).then(async (response) => (await response.json()).code)`,
      );
      equal(code, "topic_invalid");
    },
  },
  {
    name: "gap-is-readable-across-origins",
    demand: "What browsers hide in headers stands in the stream: a page of another origin reads the gap",
    section: "cors",
    judges: ["chromium"],
    run: async (bench) => {
      const url = `${bench.base}${bench.path}?lastEventId=nonsense`;
      const listener = await bench.open("chromium", url, { page: "foreign", types: ["revenprox.gap"] });
      const [gap] = await listener.take(1);
      equal(gap?.type, "revenprox.gap");
    },
  },
];
