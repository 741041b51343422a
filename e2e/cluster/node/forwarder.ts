// Runs inside the cluster's network namespace. Listening sockets are handed to it by a process outside; a socket keeps the
// namespace that it was made in, so this one process accepts on the machine's 127.0.0.1 and dials inside the cluster.
import { connect, type Server, type Socket } from "node:net";
import type { ForwarderReply, ForwarderRequest } from "./forward.ts";

const KEEPALIVE_AFTER_MS = 5000;

type Forward = { server: Server; clients: Set<Socket> };

const forwards = new Map<number, Forward>();

process.on("message", (request: ForwarderRequest, server: Server | undefined) => {
  if (request.kind === "open" && server !== undefined) open(request, server);
  if (request.kind === "close") close(request.id);
});

if (process.argv[2] !== "stay") process.on("disconnect", () => process.exit(0));

function open({ id, host, port }: Extract<ForwarderRequest, { kind: "open" }>, server: Server): void {
  const clients = new Set<Socket>();
  forwards.set(id, { server, clients });
  // A server that comes from another process has lost this option, without which the end of a request would end its answer.
  Object.assign(server, { allowHalfOpen: true });
  server.on("connection", (client: Socket) => {
    clients.add(client);
    client.on("close", () => clients.delete(client));
    // Keepalive notices a pod whose network went away without a word.
    const keepAlive = { keepAlive: true, keepAliveInitialDelay: KEEPALIVE_AFTER_MS };
    join(client, connect({ host, port, allowHalfOpen: true, noDelay: true, ...keepAlive }));
  });
  answer({ kind: "opened", id });
}

function close(id: number): void {
  const forward = forwards.get(id);
  forwards.delete(id);
  forward?.server.close();
  for (const client of forward?.clients ?? []) client.resetAndDestroy();
  answer({ kind: "closed", id });
}

/** Bytes and the end of each direction by themselves; a reset, or a failed dial, as a reset. */
function join(client: Socket, target: Socket): void {
  client.setNoDelay(true);
  client.pipe(target).pipe(client);
  const reset = (other: Socket) => () => {
    if (!other.destroyed) other.resetAndDestroy();
  };
  client.on("error", reset(target));
  target.on("error", reset(client));
}

function answer(reply: ForwarderReply): void {
  if (process.connected) process.send?.(reply);
}
