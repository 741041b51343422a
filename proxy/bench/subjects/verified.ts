import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { startProxy } from "./revenprox.ts";
import type { Place, RunningSubject, Subject } from "./subject.ts";

const startWebhook = (answerAfterMs: number): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer((request, response) => {
      request.resume().on("end", () => {
        setTimeout(() => {
          response.writeHead(200, { "Content-Type": "application/json" }).end('{"valid":true,"cache_ttl_sec":3600}');
        }, answerAfterMs);
      });
    });
    server.listen({ port: 0, host: "127.0.0.1", backlog: 4_096 }, () => resolve(server));
  });

const startVerified = async (place: Place, answerAfterMs: number, token: string): Promise<RunningSubject> => {
  const webhook = await startWebhook(answerAfterMs);
  const { port } = webhook.address() as AddressInfo;
  const proxy = await startProxy(place, {
    REVENPROX_JWT_VERIFIER__WEBHOOK_URL: `http://127.0.0.1:${port}/verify`,
    REVENPROX_JWT_VERIFIER__ALLOW_PRIVATE_ADDRESSES: "true",
    REVENPROX_JWT_VERIFIER__RATE_LIMIT_PER_SEC: "1000000",
    REVENPROX_JWT_VERIFIER__CACHE_MAX_SIZE: "100000",
  });
  return {
    ...proxy,
    stream: { ...proxy.stream, headers: [`Authorization: Bearer ${token}`] },
    stop: async () => {
      await proxy.stop();
      webhook.closeAllConnections();
      webhook.close();
    },
  };
};

/** All clients have the same token, so its verdict comes from the cache. */
export const revenproxCached: Subject = {
  name: "revenprox (token cached)",
  about: "the same with a webhook as verifier; the token's verdict is in the cache",
  start: (place) => startVerified(place, 0, "the-token-of-everybody"),
};

/** Each client has a token that nobody had before, so the webhook is asked for each; it runs in the benchmark's own process. */
export const revenproxAsking: Subject = {
  name: "revenprox (webhook 5 ms)",
  about: "the same, each client with a token of its own that the webhook is asked for; it answers after 5 ms",
  start: (place) => startVerified(place, 5, "the-token-of-{client}"),
};
