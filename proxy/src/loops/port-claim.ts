import { createServer, type ListenOptions, type Server } from "node:net";

export interface Claim {
  /** The port that the loops share, also where 0 was asked for. */
  readonly port: number;
  /** Lets others have it. */
  release(): void;
}

export interface ClaimParts {
  readonly host: string;
  readonly port: number;
  /** Resolves after `ms`. */
  readonly wait: (ms: number) => Promise<unknown>;
}

/** Somebody else has the port. */
export class PortTaken extends Error {
  override readonly name = "PortTaken";
}

/** Loops of a supervisor that was killed need a moment to see it. */
const attempts = 9;
const betweenMs = 250;

const codeOf = (fault: unknown): string =>
  fault instanceof Error && "code" in fault ? String(fault.code) : String(fault);

const listening = (options: ListenOptions): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", reject);
    server.listen(options, () => resolve(server));
  });

const closed = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));

/** Binds the port alone for a moment, which fails while anybody listens there, with SO_REUSEPORT or without. */
const portOf = async (host: string, port: number): Promise<number> => {
  const server = await listening({ host, port });
  const address = server.address();
  await closed(server);
  return typeof address === "object" && address !== null ? address.port : port;
};

const freePort = async ({ host, port, wait }: ClaimParts): Promise<number> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await portOf(host, port);
    } catch (cause) {
      const code = codeOf(cause);
      if (code !== "EADDRINUSE" || attempt === attempts)
        throw new PortTaken(
          code === "EADDRINUSE"
            ? `cannot listen on ${host}:${port}: another process listens there; end it, or set another http.bind_address`
            : `cannot listen on ${host}:${port}: ${code}`,
          { cause },
        );
      await wait(betweenMs);
    }
  }
};

/**
 * Makes the port this process's own before several processes listen on it together. The lock is a name in the abstract
 * namespace of Unix sockets: like the port it belongs to the network namespace, and the kernel takes it back with the process.
 */
export const claimPort = async (parts: ClaimParts): Promise<Claim> => {
  const port = await freePort(parts);
  try {
    const lock = await listening({ path: `\0revenprox ${parts.host}:${port}` });
    lock.unref();
    return { port, release: () => void lock.close() };
  } catch (cause) {
    throw new PortTaken(
      `cannot listen on ${parts.host}:${port}: another RevenProx has taken this address in the same moment (${codeOf(cause)})`,
      { cause },
    );
  }
};
