import { createConnection, createServer, type Server } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

export type Holder = { pid: number; since: string; command: string };

export type Lease = { release(): Promise<void> };

export type MutexAttempt = { kind: "held"; lease: Lease } | { kind: "taken"; holder: Holder | undefined };

// An abstract socket has no file: the kernel frees the name when its holder ends, also by kill -9.
const addressOf = (name: string) => `\0revenprox/${name}`;

/** Takes the machine-wide mutex `name` if it is free; else tells who holds it. */
export async function tryMutex(name: string): Promise<MutexAttempt> {
  const self: Holder = {
    pid: process.pid,
    since: new Date().toISOString(),
    command: process.argv.join(" "),
  };
  const server = createServer((socket) => socket.on("error", () => socket.destroy()).end(JSON.stringify(self)));
  const bound = await listen(server, addressOf(name));
  if (!bound) return { kind: "taken", holder: await askHolder(name) };
  server.unref();
  return { kind: "held", lease: { release: () => closeServer(server) } };
}

/** Waits until `name` is free, then runs `work` under it. */
export async function withMutex<T>(name: string, work: () => Promise<T>): Promise<T> {
  for (;;) {
    const attempt = await tryMutex(name);
    if (attempt.kind === "held") {
      try {
        return await work();
      } finally {
        await attempt.lease.release();
      }
    }
    await delay(200);
  }
}

/** Who holds `name` now; undefined when nobody does, or it ended while being asked. */
export function askHolder(name: string): Promise<Holder | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection({ path: addressOf(name) });
    let said = "";
    socket.setEncoding("utf8").setTimeout(1000, () => socket.destroy());
    socket.on("data", (chunk) => {
      said += chunk;
    });
    socket.on("error", () => resolve(undefined));
    socket.on("close", () => resolve(said === "" ? undefined : (JSON.parse(said) as Holder)));
  });
}

function listen(server: Server, path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(false);
      else reject(error);
    });
    server.listen({ path }, () => resolve(true));
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
