import type { ClientRequest } from "node:http";
import { Agent, type AgentOptions, type RequestOptions } from "node:https";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";

/** The TCP connection below a TLS one. */
const carriers = new WeakMap<object, Socket>();

/**
 * TLS connections that can be thrown away together with what the kernel still holds. A connection that is only closed
 * goes on sending: after a partition a request would arrive that was given up long ago.
 */
export class ResettableAgent extends Agent {
  static reset(socket: Socket): void {
    const carrier = carriers.get(socket);
    if (carrier === undefined || carrier.destroyed) socket.destroy();
    else carrier.resetAndDestroy();
  }

  override createConnection(
    options: RequestOptions & AgentOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    const carrier = connect({ host: options.host ?? "localhost", port: Number(options.port), keepAlive: true });
    const secure = super.createConnection({ ...options, socket: carrier } as RequestOptions, callback);
    if (secure !== null && secure !== undefined) carriers.set(secure, carrier);
    return secure;
  }
}

/** Calls `run` once the request's connection stands; a new one takes its time. */
export const whenConnected = (request: ClientRequest, run: () => void): void => {
  request.once("socket", (socket) => {
    if (request.reusedSocket) run();
    else socket.once(socket instanceof TLSSocket ? "secureConnect" : "connect", run);
  });
};
