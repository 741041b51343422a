import { connect, createServer, type Socket } from "node:net";

/** A network between an operator and the API server that can be cut and slowed. */
export interface Relay {
  readonly port: number;
  /** Connections that the operator's side reset, as far as was seen. */
  readonly resets: number;
  /** From now on nothing passes, in either direction; nobody is told. */
  cut(): void;
  /** Lets through what waited, as repeated packets would be, except from sides that reset their connection. */
  heal(): void;
  /** Everything from the server arrives this much later. */
  delayAnswers(ms: number): void;
  /** Breaks every connection. */
  breakAll(): void;
  stop(): Promise<void>;
}

/** Long enough for the reset of a connection to be seen before what it had sent is passed on. */
const RESET_SEEN_MS = 200;

interface Shape {
  isCut: boolean;
  answerDelayMs: number;
}

/** Passes what comes from `from` on to `to` in order; answers what lets it go on after a cut. */
const pass = (from: Socket, to: Socket, { shape, delayMs }: { shape: Shape; delayMs: () => number }) => {
  let waiting: Buffer[] = [];
  let isHeld = false;
  let ended = false;
  const flush = () => {
    if (from.errored !== null) {
      to.resetAndDestroy();
      return;
    }
    for (const chunk of waiting) to.write(chunk);
    waiting = [];
    isHeld = false;
    if (ended) to.end();
  };
  from.on("data", (chunk: Buffer) => {
    if (isHeld || shape.isCut) waiting.push(chunk);
    else if (delayMs() === 0) to.write(chunk);
    else setTimeout(() => !to.destroyed && to.write(chunk), delayMs());
    if (shape.isCut) from.pause();
  });
  from.on("end", () => {
    ended = true;
    if (!isHeld && !shape.isCut) setTimeout(() => to.end(), delayMs());
  });
  from.on("error", () => {
    if (!isHeld && !shape.isCut) to.resetAndDestroy();
  });
  return {
    hold: () => {
      isHeld = true;
      from.pause();
    },
    letGo: () => {
      from.resume();
      setTimeout(flush, RESET_SEEN_MS);
    },
  };
};

/** Listens on a free port of 127.0.0.1 and passes everything to `target`, a port there. */
export const startRelay = async (target: number): Promise<Relay> => {
  const shape: Shape = { isCut: false, answerDelayMs: 0 };
  const sockets = new Set<Socket>();
  let resets = 0;
  const directions = new Set<ReturnType<typeof pass>>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ port: target, host: "127.0.0.1", allowHalfOpen: true });
    const pair = [
      pass(client, upstream, { shape, delayMs: () => 0 }),
      pass(upstream, client, { shape, delayMs: () => shape.answerDelayMs }),
    ];
    for (const direction of pair) {
      directions.add(direction);
      if (shape.isCut) direction.hold();
    }
    client.on("error", ({ code }: NodeJS.ErrnoException) => {
      if (code === "ECONNRESET") resets += 1;
    });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    }
    upstream.on("close", () => {
      for (const direction of pair) directions.delete(direction);
    });
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
  const breakAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port,
    get resets() {
      return resets;
    },
    cut: () => {
      shape.isCut = true;
      for (const direction of directions) direction.hold();
    },
    heal: () => {
      shape.isCut = false;
      for (const direction of directions) direction.letGo();
    },
    delayAnswers: (ms) => (shape.answerDelayMs = ms),
    breakAll,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        breakAll();
      }),
  };
};
