import type { Socket } from "node:net";
import { readProxyHeader } from "./proxy-protocol.ts";

export interface ProxiedParts {
  /** Whether a header of that peer is to be understood. */
  readonly trusts: (peer: string) => boolean;
  /** Milliseconds for the first bytes. */
  readonly patienceMs: number;
  /** TLS takes what was put back by itself; it would be lost if the socket were set flowing. */
  readonly secure: boolean;
  /** Goes on with a connection as if its header had never been there. */
  readonly serve: (socket: Socket) => void;
}

/** Two ends name a connection, also where TLS has put a socket of its own in front. */
const nameOf = ({ remoteAddress = "", remotePort = 0 }: Pick<Socket, "remoteAddress" | "remotePort">): string =>
  `${remoteAddress} ${remotePort}`;

/**
 * Takes PROXY protocol headers off new connections of trusted peers before HTTP, or TLS, sees their first byte.
 * Connections of all others go on untouched, and the HTTP parser refuses the header.
 */
export class ProxiedConnections {
  readonly #parts: ProxiedParts;
  readonly #clients = new Map<string, string>();
  /** Those whose first bytes have not come. */
  readonly #waiting = new Set<Socket>();

  constructor(parts: ProxiedParts) {
    this.#parts = parts;
  }

  accept(socket: Socket): void {
    const { trusts, serve } = this.#parts;
    if (trusts(socket.remoteAddress ?? "")) this.#sniff(socket);
    else serve(socket);
  }

  /** The client that the header of this connection named. */
  clientOf(socket: Pick<Socket, "remoteAddress" | "remotePort">): string | undefined {
    return this.#clients.size === 0 ? undefined : this.#clients.get(nameOf(socket));
  }

  close(): void {
    for (const socket of this.#waiting) socket.destroy();
  }

  #sniff(socket: Socket): void {
    let bytes = Buffer.alloc(0);
    const giveUp = (): void => void socket.destroy();
    const release = (): void => {
      this.#waiting.delete(socket);
      socket.off("data", read).off("error", giveUp).off("close", release).off("timeout", giveUp).setTimeout(0);
    };
    const read = (part: Buffer): void => {
      bytes = Buffer.concat([bytes, part]);
      const header = readProxyHeader(bytes);
      if (header.kind === "incomplete") return;
      release();
      if (header.kind === "broken") {
        giveUp();
        return;
      }
      if (header.kind === "whole" && header.client !== undefined) this.#remember(socket, header.client);
      this.#goOn(socket, header.kind === "whole" ? bytes.subarray(header.length) : bytes);
    };
    this.#waiting.add(socket);
    socket.setTimeout(this.#parts.patienceMs);
    socket.on("data", read).on("error", giveUp).on("close", release).on("timeout", giveUp);
  }

  /** The bytes behind the header are put back, and come out again before any that follow. */
  #goOn(socket: Socket, rest: Buffer): void {
    socket.pause();
    if (rest.length > 0) socket.unshift(rest);
    this.#parts.serve(socket);
    if (!this.#parts.secure) socket.resume();
  }

  #remember(socket: Socket, client: string): void {
    const name = nameOf(socket);
    this.#clients.set(name, client);
    socket.once("close", () => this.#clients.delete(name));
  }
}
