// What everybody writes first: a fan-out on node:http, one write an event and stream.
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const topics = new Map<string, Set<ServerResponse>>();
let sequence = 0;

const streamsOf = (name: string): Set<ServerResponse> => {
  const streams = topics.get(name) ?? new Set();
  topics.set(name, streams);
  return streams;
};

const server = createServer((request, response) => {
  if (!request.url?.startsWith("/events/")) {
    response.writeHead(404).end();
    return;
  }
  const streams = streamsOf(request.url);
  if (request.method === "GET") {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
    response.write("retry: 2000\n\n");
    streams.add(response);
    response.on("close", () => streams.delete(response));
    return;
  }
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => {
    sequence += 1;
    const id = `1700000000000-${sequence}`;
    const frame = Buffer.concat([Buffer.from(`id: ${id}\ndata: `), ...parts, Buffer.from("\n\n")]);
    for (const stream of streams) stream.write(frame);
    response.writeHead(202, { "Content-Type": "application/json" }).end(`{"id":"${id}"}`);
  });
});

server.listen({ port: 0, host: "127.0.0.1", backlog: 4_096 }, () => {
  console.log(`listening on ${(server.address() as AddressInfo).port}`);
});
