import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import { afterEach, expect, test } from "vitest";
import type { TestInstance } from "./instance.ts";
import { releaseStory } from "./story.ts";

/** What a faulty system does. */
interface Fault {
  readonly losesAt?: number;
  readonly repeatsAt?: number;
  readonly neverReady?: boolean;
  readonly keepsStreams?: boolean;
}

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

/** A proxy in small: one topic, ids from 1, resume by Last-Event-ID, idempotency keys. */
const startProxy = async ({ losesAt, repeatsAt }: Fault) => {
  const stored: { readonly key: string; readonly data: string }[] = [];
  const streams = new Set<ServerResponse>();
  const frame = (index: number) => `id: ${index + 1}\ndata: ${stored[index]?.data}\n\n`;
  const publish = (key: string, data: string) => {
    if (stored.some((event) => event.key === key)) return;
    const index = stored.push({ key, data }) - 1;
    for (const stream of streams) {
      if (index + 1 === losesAt) continue;
      stream.write(frame(index));
      if (index + 1 === repeatsAt) stream.write(frame(index));
    }
  };
  const server = createServer((request, response) => {
    if (request.url === "/readyz") response.end("ok");
    else if (request.method === "POST") {
      let body = "";
      request.on("data", (chunk) => (body += String(chunk)));
      request.on("end", () => {
        publish(String(request.headers["idempotency-key"]), body);
        response.writeHead(202).end("{}");
      });
    } else {
      response.writeHead(200, { "content-type": "text/event-stream" }).write("retry: 1000\nid: 0\n\n");
      for (let index = Number(request.headers["last-event-id"] ?? 0); index < stored.length; index++)
        response.write(frame(index));
      streams.add(response);
      response.on("close", () => streams.delete(response));
    }
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endStreams = () => {
    for (const stream of streams) stream.end();
  };
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, endStreams };
};

const run = async (fault: Fault = {}) => {
  const proxy = await startProxy(fault);
  const calls: string[] = [];
  let exists = true;
  const instance: TestInstance = {
    origin: proxy.origin,
    remove: async () => {
      calls.push("remove");
      exists = false;
    },
    create: async () => {
      calls.push("create");
      exists = true;
    },
    read: async () => {
      const reason = fault.neverReady === true ? "ImagePullFailed" : "Ready";
      const condition = { type: "Ready", status: reason === "Ready" ? "True" : "False", reason, message: "why" };
      return exists ? ({ status: { conditions: [condition] } } as unknown as RevenProx) : undefined;
    },
    publishKey: async () => "key",
    readyPods: async () => ["a", "b"].map((name) => ({ name, origin: proxy.origin })),
    deletePod: async (name) => {
      calls.push(`delete ${name}`);
      if (fault.keepsStreams !== true) proxy.endStreams();
    },
  };
  let clock = 0;
  const said: string[] = [];
  const ended = releaseStory({
    instance,
    readyUrl: `${proxy.origin}/readyz`,
    say: (line) => said.push(line),
    now: () => clock,
    // Time passes in its own steps, while the sockets get their turn.
    pause: async (ms) => {
      clock += ms;
      await new Promise((resolve) => setTimeout(resolve, 2));
    },
    deadline: 20_000,
    runId: "run",
  });
  return { ended, calls, said };
};

test("a client of the deleted pod resumes with every event once, and nothing is left behind", async () => {
  const { ended, calls, said } = await run();
  await ended;
  expect(calls).toEqual(["remove", "create", "delete a", "remove"]);
  expect(said).toContainEqual(expect.stringMatching(/resumed on another and got all \d+ events, each once/));
});

test.each<[string, Fault, RegExp]>([
  ["an event that is lost", { losesAt: 30 }, /all arrive|each once and in order/],
  ["an event that comes twice", { repeatsAt: 30 }, /each once and in order/],
  ["a stream that outlives its pod", { keepsStreams: true }, /nothing was resumed/],
  ["a RevenProx that never gets ready, by its condition", { neverReady: true }, /Ready is False, ImagePullFailed: why/],
])("%s fails the test, and nothing is left behind", async (_, fault, message) => {
  const { ended, calls } = await run(fault);
  await expect(ended).rejects.toThrow(message);
  expect(calls.at(-1)).toBe("remove");
});
