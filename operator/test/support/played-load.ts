import { createServer, type Server } from "node:http";
import { ports } from "@revenprox/contract/ports";

/** What a proxy says of itself on `GET /api/v1/load`, and of its connections. */
export const loadAnswer = (streams: number): unknown => ({
  streams,
  active_connections: streams,
  limit: 10_000,
  topics: 1,
  draining: false,
  degraded: [],
  nats_connected: true,
  breaker: "none",
  moved: 0,
  shedding: 0,
});

/** A management plane on an address of loopback of its own. */
export interface PlayedPlane {
  readonly address: string;
  close(): void;
}

const anyAddress = (): string => {
  const part = () => 1 + Math.floor(Math.random() * 253);
  return `127.${part()}.${part()}.${part()}`;
};

/** A path that this build does not have. */
export const notFound = Symbol("404");

/** Answers every request with what `answer` gives for its path; undefined: breaks the connection. */
export const playPlane = (
  answer: (path: string) => unknown,
  port: number = ports.management.number,
): Promise<PlayedPlane> =>
  new Promise((resolve, reject) => {
    const address = anyAddress();
    const server: Server = createServer(({ url = "" }, response) => {
      const body = answer(url);
      if (body === undefined) response.destroy();
      else if (body === notFound) response.writeHead(404, { "content-type": "text/plain" }).end("404 page not found");
      else response.setHeader("content-type", "application/json").end(JSON.stringify(body));
    });
    server.on("error", reject);
    server.listen(port, address, () =>
      resolve({
        address,
        close: () => {
          server.close();
          server.closeAllConnections();
        },
      }),
    );
  });
