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

/** Answers every request with what `answer` gives; undefined: breaks the connection. */
export const playPlane = (answer: () => unknown): Promise<PlayedPlane> =>
  new Promise((resolve, reject) => {
    const address = anyAddress();
    const server: Server = createServer((_, response) => {
      const body = answer();
      if (body === undefined) response.destroy();
      else response.setHeader("content-type", "application/json").end(JSON.stringify(body));
    });
    server.on("error", reject);
    server.listen(ports.management.number, address, () =>
      resolve({
        address,
        close: () => {
          server.close();
          server.closeAllConnections();
        },
      }),
    );
  });
