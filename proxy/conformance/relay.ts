import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** The head of a request that passed. */
export interface RelayedRequest {
  readonly method: string;
  readonly path: string;
  /** Milliseconds since the start of the process. */
  readonly at: number;
  readonly headers: ReadonlyMap<string, string>;
}

export interface RelayOptions {
  /** Port that connections are passed on to. */
  readonly target: number;
  /** Every byte of an answer travels in a write of its own. */
  readonly byteByByte?: boolean;
  /** Whole answers for the first requests, which never reach the target. */
  readonly canned?: readonly string[];
  /** Cuts the first connection whose answer contains this text, right behind it. */
  readonly cutBehind?: string;
}

/** A TCP middleman with an address that outlives the proxies behind it. */
export interface Relay {
  readonly base: string;
  readonly requests: readonly RelayedRequest[];
  /** The answers so far, heads and framing included. */
  passed(): string;
  /** Later connections go there. */
  aim(port: number): void;
  /** Ends all connections as they are, behind what already passed. */
  cut(): void;
  close(): Promise<void>;
}

const headEnd = "\r\n\r\n";

const requestOf = (head: string): RelayedRequest => {
  const [first = "", ...lines] = head.split("\r\n");
  const [method = "", path = ""] = first.split(" ");
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { method, path, at: performance.now(), headers: new Map(headers) };
};

/** Heads of the requests on one connection; none of the suite's clients sends a body through a relay. */
const requestReader = (found: RelayedRequest[]) => {
  let text = "";
  return (bytes: Buffer): void => {
    text += bytes.toString("latin1");
    for (let end = text.indexOf(headEnd); end >= 0; end = text.indexOf(headEnd)) {
      found.push(requestOf(text.slice(0, end)));
      text = text.slice(end + headEnd.length);
    }
  };
};

/** Passes bytes on one at a time, each in a turn of its own. */
const byteWriter = (client: Socket) => {
  let tail: Promise<void> = Promise.resolve();
  const write = async (bytes: Buffer): Promise<void> => {
    for (const byte of bytes) {
      if (client.destroyed) return;
      client.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return (bytes: Buffer): void => {
    tail = tail.then(() => write(bytes));
  };
};

/** Passes an answer on up to the end of `mark`, then cuts; `done` says that it happened. */
const cuttingWriter = (client: Socket, mark: string, done: () => void) => {
  let passed = Buffer.alloc(0);
  return (bytes: Buffer): void => {
    const before = passed.length;
    passed = Buffer.concat([passed, bytes]);
    const at = passed.indexOf(mark);
    if (at < 0) {
      client.write(bytes);
      return;
    }
    done();
    client.end(passed.subarray(before, at + Buffer.byteLength(mark)));
  };
};

/** Opens a relay on a free port of 127.0.0.1. */
export const openRelay = async (options: RelayOptions): Promise<Relay> => {
  const requests: RelayedRequest[] = [];
  const open = new Set<Socket>();
  const clients = new Set<Socket>();
  const answers: Buffer[] = [];
  const canned = [...(options.canned ?? [])];
  let { target, cutBehind } = options;
  const follow = (socket: Socket): void => {
    open.add(socket);
    socket.setNoDelay(true);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
  };
  const writerTo = (client: Socket) => {
    if (options.byteByByte === true) return byteWriter(client);
    if (cutBehind === undefined) return (bytes: Buffer) => void client.write(bytes);
    return cuttingWriter(client, cutBehind, () => {
      cutBehind = undefined;
    });
  };
  const passOn = (client: Socket, first: Buffer): void => {
    const upstream = connect(target, "127.0.0.1");
    follow(upstream);
    upstream.write(first);
    client.on("data", (bytes) => upstream.write(bytes));
    upstream.on("data", (bytes) => answers.push(bytes));
    upstream.on("data", writerTo(client));
    upstream.on("close", () => (options.byteByByte === true ? undefined : client.end()));
    client.on("close", () => upstream.destroy());
  };
  const server = createServer((client) => {
    follow(client);
    clients.add(client);
    client.on("close", () => clients.delete(client));
    client.on("data", requestReader(requests));
    // Only a request gets an answer: browsers open connections in reserve, and may use them much later or never.
    client.once("data", (first) => {
      const answer = canned.shift();
      if (answer === undefined) passOn(client, first);
      else client.end(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    passed: () => Buffer.concat(answers).toString("latin1"),
    aim: (port) => {
      target = port;
    },
    cut: () => {
      for (const client of clients) client.end();
    },
    close: async () => {
      for (const socket of [...open]) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
