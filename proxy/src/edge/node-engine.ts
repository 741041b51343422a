import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { ChunkFraming } from "./chunk-framing.ts";
import type { EngineParts } from "./engine.ts";
import { CannotListen, type Certificate, type Listening } from "./exchange.ts";
import { NodeExchange } from "./node-exchange.ts";
import { ProxiedConnections } from "./proxied-connections.ts";
import { beginsWithSignature } from "./proxy-protocol.ts";
import { rawAnswer } from "./raw-answer.ts";
import { engineHeadBytes } from "./request-head.ts";

/** Milliseconds for a whole head, and of silence between two requests: what uWebSockets.js has built in. */
const headMs = 10_000;
/** Milliseconds for a whole request; its body is also given up after a silence. */
const requestMs = 300_000;
/** Bytes that a socket takes into memory before it says that it is full. */
const socketBufferBytes = 16_384;
/** Requests that may wait for their answers on one connection. */
const maxPipelined = 16;

/** What is under way on one connection. */
interface Connection {
  waiting: number;
  streaming: boolean;
}

type Connections = WeakMap<Socket, Connection>;

const connectionOf = (connections: Connections, socket: Socket): Connection => {
  const known = connections.get(socket);
  if (known !== undefined) return known;
  const connection: Connection = { waiting: 0, streaming: false };
  connections.set(socket, connection);
  return connection;
};

/** Hands a request over, unless it came on a connection that already has its stream or too much to do. */
const serveRequests = (
  parts: EngineParts,
  connections: Connections,
  proxied: () => ProxiedConnections,
): RequestListener => {
  const { handle, head, refuse, slowClientMs } = parts;
  const framing = new ChunkFraming();
  return (request: IncomingMessage, response: ServerResponse) => {
    const connection = connectionOf(connections, request.socket);
    if (connection.streaming || connection.waiting >= maxPipelined) return void request.socket.destroy();
    connection.waiting += 1;
    // A write to a client that has just gone; "close" follows.
    response.on("error", () => undefined);
    response.on("close", () => {
      connection.waiting -= 1;
      connection.streaming = false;
    });
    const exchange = new NodeExchange({
      response,
      framing,
      patienceMs: slowClientMs,
      proxied: proxied().clientOf(request.socket),
      shared: () => connection.waiting > 1,
      streaming: () => {
        connection.streaming = true;
      },
    });
    const fault = exchange.headFault(head);
    if (fault === undefined) return handle(exchange);
    const answer = refuse(fault.code, fault.detail);
    if (fault.close) exchange.respondAndClose(answer);
    else exchange.respond(answer);
  };
};

type ClientError = Error & { readonly code?: string; readonly rawPacket?: Buffer };

const answerToUnreadable = ({ refuse }: EngineParts, { code, rawPacket }: ClientError): Buffer | undefined => {
  if (rawPacket !== undefined && beginsWithSignature(rawPacket))
    return rawAnswer(refuse("proxy_protocol_untrusted", "the peer is not one of http.trusted_proxies"));
  if (code === "HPE_HEADER_OVERFLOW") return rawAnswer(refuse("headers_too_large", "the head is far above the limits"));
  if (code?.startsWith("HPE_") !== true) return undefined;
  const unknownMethod = code === "HPE_INVALID_METHOD" && /^[A-Z]+ \//.test(rawPacket?.toString("latin1", 0, 64) ?? "");
  return rawAnswer(
    unknownMethod
      ? refuse("method_not_allowed", "the method is not one of HTTP's")
      : refuse("request_malformed", "the request breaks the rules of HTTP/1.1"),
  );
};

/** Answers where nothing else is being written, and ends the connection in any case. */
const refuseUnreadable =
  (parts: EngineParts, connections: Connections) =>
  (error: ClientError, socket: Duplex): void => {
    const busy = connections.get(socket as Socket)?.waiting ?? 0;
    const answer = busy === 0 && socket.writable ? answerToUnreadable(parts, error) : undefined;
    if (answer === undefined) socket.destroy();
    else socket.end(answer, () => socket.destroy());
  };

const serverFor = (parts: EngineParts, listener: RequestListener): Server => {
  const options = {
    maxHeaderSize: engineHeadBytes(parts.head),
    headersTimeout: headMs,
    requestTimeout: requestMs,
    keepAliveTimeout: headMs,
    connectionsCheckingInterval: 1_000,
    highWaterMark: socketBufferBytes,
    insecureHTTPParser: false,
    // Answered by the exchange, which knows how.
    requireHostHeader: false,
    noDelay: true,
  };
  const { certificate } = parts;
  if (certificate === undefined) return createServer(options, listener);
  const { cert, key } = certificate;
  // Node's own list ends at 1.1, and a client that offers only 1.0, as curl does when told to, would be refused by TLS.
  const tls = { cert, key, handshakeTimeout: headMs, ALPNProtocols: ["http/1.1", "http/1.0"] };
  return createSecureServer({ ...options, ...tls }, listener);
};

const listen = (server: Server, { address: { host, port }, shared }: EngineParts): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once("error", (cause) =>
      reject(
        new CannotListen(
          `cannot listen on ${host}:${port}: the port is taken, or the address is not one of this machine`,
          { cause },
        ),
      ),
    );
    server.listen({ host, port, reusePort: shared === true }, () => resolve((server.address() as AddressInfo).port));
  });

const replaceCertificate = (server: Server, { cert, key }: Certificate): void => {
  if ("setSecureContext" in server && typeof server.setSecureContext === "function")
    server.setSecureContext({ cert, key });
};

/** Puts itself between the listener and what HTTP, or TLS, does with a new connection. */
const takeProxyHeaders = (server: Server, { trusts, certificate }: EngineParts): ProxiedConnections => {
  const listeners = server.listeners("connection");
  const connections = new ProxiedConnections({
    trusts,
    patienceMs: headMs,
    secure: certificate !== undefined,
    serve: (socket) => {
      for (const listener of listeners) listener.call(server, socket);
    },
  });
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => connections.accept(socket));
  return connections;
};

/** Serves with `node:http`: slower than uWebSockets.js, but without native code. */
export const listenWithNode = async (parts: EngineParts): Promise<Listening> => {
  const connections: Connections = new WeakMap();
  const server: Server = serverFor(
    parts,
    serveRequests(parts, connections, () => proxied),
  );
  const proxied = takeProxyHeaders(server, parts);
  // No limit: what is beyond it would be dropped in silence, while max_headers refuses.
  server.maxHeadersCount = 0;
  server.on("clientError", refuseUnreadable(parts, connections));
  server.on("connect", (_request, socket: Duplex) =>
    socket.end(rawAnswer(parts.refuse("method_not_allowed", "CONNECT is for forward proxies"))),
  );
  const port = await listen(server, parts);
  return {
    port,
    closeListener: () => void server.close(),
    close: () => {
      server.close();
      server.closeAllConnections();
      proxied.close();
    },
    useCertificate: (certificate) => replaceCertificate(server, certificate),
  };
};
