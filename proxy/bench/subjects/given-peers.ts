import { createHmac } from "node:crypto";
import type { Peers } from "../catalogue.ts";
import { type Child, spawnPinned, untilReady } from "../tool/processes.ts";
import { freePort } from "./free-port.ts";
import { listens } from "./listens.ts";
import type { Place, RunningSubject, Subject } from "./subject.ts";

interface Started {
  readonly child: Child;
  readonly target: string;
}

const start = async (
  { cores, namespace }: Place,
  program: string,
  args: readonly string[],
  environment: (port: number) => Readonly<Record<string, string>>,
): Promise<Started> => {
  const port = await freePort();
  const child = spawnPinned({ cores, namespace, program, args, environment: environment(port) });
  await untilReady(child, () => listens(port));
  return { child, target: `127.0.0.1:${port}` };
};

const running = ({ child, target }: Started, requests: Pick<RunningSubject, "stream" | "publish">): RunningSubject => ({
  ...requests,
  target,
  publishTarget: target,
  pids: [child.pid],
  stop: () => child.stop(),
});

const key = "a-key-of-the-benchmark-that-is-long-enough";

const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

const signed = (claims: object): string => {
  const text = `${base64({ alg: "HS256", typ: "JWT" })}.${base64(claims)}`;
  return `${text}.${createHmac("sha256", key).update(text).digest("base64url")}`;
};

/** Mercure (Caddy build with its `mercure` command or the stand-alone server), configured by environment alone. */
const mercure = (program: string): Subject => ({
  name: "mercure",
  about: "Mercure, the program that was given; local transport, subscribers need no token",
  start: async (place) => {
    const file = new URL("../servers/mercure.caddyfile", import.meta.url).pathname;
    const started = await start(place, program, ["run", "--config", file, "--adapter", "caddyfile"], (port) => ({
      BENCH_PORT: String(port),
      BENCH_KEY: key,
      GOMAXPROCS: "1",
    }));
    return running(started, {
      stream: { path: "/.well-known/mercure?topic={topic}", headers: [] },
      publish: {
        path: "/.well-known/mercure",
        headers: [
          "Content-Type: application/x-www-form-urlencoded",
          `Authorization: Bearer ${signed({ mercure: { publish: ["*"] } })}`,
        ],
        body: "topic={topic}&data={payload}",
      },
    });
  },
});

/** Centrifugo 6 with its unidirectional SSE transport, memory engine. */
const centrifugo = (program: string): Subject => ({
  name: "centrifugo",
  about: "Centrifugo, the program that was given; memory engine, uni_sse, publishing by its HTTP API",
  start: async (place) => {
    const started = await start(place, program, [], (port) => ({
      CENTRIFUGO_HTTP_SERVER_ADDRESS: "127.0.0.1",
      CENTRIFUGO_HTTP_SERVER_PORT: String(port),
      CENTRIFUGO_HTTP_API_KEY: key,
      CENTRIFUGO_UNI_SSE_ENABLED: "true",
      CENTRIFUGO_CLIENT_ALLOW_ANONYMOUS_CONNECT_WITHOUT_TOKEN: "true",
      CENTRIFUGO_CHANNEL_WITHOUT_NAMESPACE_ALLOW_SUBSCRIBE_FOR_CLIENT: "true",
      CENTRIFUGO_CHANNEL_WITHOUT_NAMESPACE_ALLOW_SUBSCRIBE_FOR_ANONYMOUS: "true",
      GOMAXPROCS: "1",
    }));
    return running(started, {
      stream: {
        path: `/connection/uni_sse?cf_connect=${encodeURIComponent('{"subs":{"TOPIC":{}}}').replace("TOPIC", "{topic}")}`,
        headers: [],
      },
      publish: {
        path: "/api/publish",
        headers: ["Content-Type: application/json", `X-API-Key: ${key}`],
        body: '{"channel":"{topic}","data":"{payload}"}',
      },
    });
  },
});

const given = [
  { name: "mercure", variable: "REVENPROX_BENCH_MERCURE", subject: mercure, rates: { b: 80, b2: 10, c: 400 } },
  {
    name: "centrifugo",
    variable: "REVENPROX_BENCH_CENTRIFUGO",
    subject: centrifugo,
    rates: { b: 90, b2: 6, c: 7_000 },
  },
] as const;

/** Peers whose programs are named in the environment. */
export const givenPeers = (): { readonly found: Peers["found"]; readonly missing: readonly string[] } => {
  const programs = given.map((peer) => ({ ...peer, program: process.env[peer.variable] }));
  return {
    found: programs.flatMap(({ program, subject, rates }) =>
      program === undefined ? [] : [{ subject: subject(program), rates }],
    ),
    missing: programs.flatMap(({ program, name, variable }) =>
      program === undefined ? [`${name}: ${variable} is not the path of its program`] : [],
    ),
  };
};
