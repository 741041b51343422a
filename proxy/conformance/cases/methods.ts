import { deepEqual, match } from "node:assert/strict";
import { until } from "../../test/testing/proxy-process.ts";
import { rawExchange } from "../../test/testing/raw-stream.ts";
import type { Bench } from "../bench.ts";
import type { ConformanceCase } from "../case.ts";
import { headersOf } from "../headers.ts";

/** One request in plain words, and the head of its answer. */
const headOf = async (bench: Bench, request: string): Promise<string> => {
  const exchange = rawExchange(bench.proxy.port, `${request}\r\nHost: 127.0.0.1\r\n\r\n`);
  bench.later(() => exchange.close());
  await until("the head of the answer", () => (exchange.raw().includes("\r\n\r\n") ? true : undefined));
  return exchange.head();
};

/** Other methods than GET on a topic. */
export const methodCases: readonly ConformanceCase[] = [
  {
    name: "head-request",
    demand: "HEAD has the head of a stream and no body, and the connection goes on",
    section: "methods",
    judges: ["wire"],
    run: async (bench) => {
      const request = (method: string) => `${method} ${bench.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;
      const exchange = rawExchange(bench.proxy.port, request("HEAD"));
      bench.later(() => exchange.close());
      await until("the head", () => (exchange.raw().includes("\r\n\r\n") ? true : undefined));
      const head = exchange.head();
      const length = exchange.raw().length;
      deepEqual([headersOf(head).get("content-type"), length], ["text/event-stream", head.length + 4]);
      exchange.socket.write(request("GET"));
      await until("a stream on the same connection", () =>
        exchange.raw().toString("latin1", length).includes("retry: ") ? true : undefined,
      );
      const stream = exchange.raw().toString("latin1", length).split("\r\n\r\n", 1)[0] ?? "";
      const lasting = (each: string) =>
        [...headersOf(each)].filter(([name]) => !/^(date|transfer-|content-length|connection|keep-alive)/.test(name));
      deepEqual(lasting(head), lasting(stream));
    },
  },
  {
    name: "options-request",
    demand: "OPTIONS tells the methods of a topic",
    section: "methods",
    judges: ["wire"],
    run: async (bench) => {
      const head = await headOf(bench, `OPTIONS ${bench.path} HTTP/1.1`);
      match(head, /^HTTP\/1\.1 204 /);
      deepEqual(headersOf(head).get("allow"), "GET, HEAD, POST, OPTIONS");
    },
  },
  {
    name: "other-methods",
    demand: "Methods that a topic does not have are answered with 405 and the ones that it has",
    section: "methods",
    judges: ["wire"],
    run: async (bench) => {
      for (const method of ["PUT", "DELETE", "PATCH"]) {
        const head = await headOf(bench, `${method} ${bench.path} HTTP/1.1`);
        match(head, /^HTTP\/1\.1 405 /);
        deepEqual(headersOf(head).get("allow"), "GET, HEAD, POST, OPTIONS");
      }
    },
  },
];
