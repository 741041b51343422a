import { connect, createServer, type Server, type Socket } from "node:net";

/** A TCP relay on 127.0.0.1 whose traffic can be held or cut: the network between two processes. */
export interface Relay {
  readonly port: number;
  /** Connections that were tried so far, refused ones included. */
  readonly attempts: number;
  /** Carries everything, also what was held. */
  pass(): void;
  /** A black hole: connections stay, nothing gets through, nobody is told. */
  stall(): void;
  /** Holds only what the target sends; what is sent to it gets through. */
  stallAnswers(): void;
  /** Resets every connection and each new one. */
  cut(): void;
  close(): Promise<void>;
}

type Mode = "pass" | "stall" | "stall-answers" | "cut";

interface Pair {
  /** The side that came to the relay. */
  readonly near: Socket;
  readonly far: Socket;
}

const noteError = (socket: Socket, other: () => Socket): void => {
  // A peer that goes away is what these tests are about; the other side is told by a reset.
  socket.on("error", () => other().resetAndDestroy());
  socket.on("close", () => other().destroy());
};

const carry = (from: Socket, to: Socket, held: () => boolean): void => {
  from.on("data", (part) => {
    if (!to.write(part)) from.pause();
  });
  to.on("drain", () => {
    if (!held()) from.resume();
  });
};

const listen = (server: Server): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (typeof address === "object" && address !== null) resolve(address.port);
      else reject(new Error("the relay has no port"));
    });
  });

const flow = (socket: Socket, held: boolean): void => void (held ? socket.pause() : socket.resume());

/** Relays to `targetPort` of 127.0.0.1. */
export const startRelay = async (targetPort: number): Promise<Relay> => {
  const pairs = new Set<Pair>();
  let mode: Mode = "pass";
  let attempts = 0;

  const answersHeld = (): boolean => mode === "stall" || mode === "stall-answers";
  const apply = ({ near, far }: Pair): void => {
    if (mode === "cut") {
      near.resetAndDestroy();
      far.resetAndDestroy();
      return;
    }
    flow(near, mode === "stall");
    flow(far, answersHeld());
  };
  const enter = (next: Mode): void => {
    mode = next;
    for (const pair of pairs) apply(pair);
  };

  const server = createServer((near) => {
    attempts += 1;
    if (mode === "cut") {
      near.on("error", () => near.destroy()).resetAndDestroy();
      return;
    }
    const far = connect(targetPort, "127.0.0.1");
    const pair = { near, far };
    pairs.add(pair);
    near.setNoDelay(true);
    far.setNoDelay(true);
    noteError(near, () => far);
    noteError(far, () => near);
    near.once("close", () => pairs.delete(pair));
    carry(near, far, () => mode === "stall");
    carry(far, near, answersHeld);
    apply(pair);
  });
  const port = await listen(server);
  return {
    port,
    get attempts() {
      return attempts;
    },
    pass: () => enter("pass"),
    stall: () => enter("stall"),
    stallAnswers: () => enter("stall-answers"),
    cut: () => enter("cut"),
    close: () => {
      enter("cut");
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
};
