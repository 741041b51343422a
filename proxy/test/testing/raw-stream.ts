import { connect, type Socket } from "node:net";
import { afterHead, type Dechunked, dechunk } from "./chunked.ts";
import { until } from "./proxy-process.ts";

/** One HTTP exchange over a socket of its own, read byte for byte. */
export interface RawStream {
  readonly socket: Socket;
  /** Everything that arrived, header block included. */
  raw(): Buffer;
  head(): string;
  body(): Dechunked;
  /** The text of the body so far. */
  text(): string;
  /** Waits until the text contains `part`. */
  waitFor(part: string): Promise<string>;
  readonly closed: Promise<void>;
  close(): void;
}

/** Sends `request` as it is and collects what comes back. */
export const rawExchange = (port: number, request: string | Buffer): RawStream => {
  const parts: Buffer[] = [];
  const socket = connect(port, "127.0.0.1", () => socket.write(request));
  socket.on("data", (part) => parts.push(part));
  // A reset is one way in which a peer closes; what arrived before it is what counts.
  socket.on("error", () => socket.destroy());
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  const raw = (): Buffer => Buffer.concat(parts);
  const body = (): Dechunked => dechunk(afterHead(raw()));
  const text = (): string => {
    const now = body();
    if (now.kind === "broken") throw new Error(`the chunked framing breaks at byte ${now.at}`);
    return now.body.toString();
  };
  return {
    socket,
    raw,
    head: () => raw().toString("latin1").split("\r\n\r\n", 1)[0] ?? "",
    body,
    text,
    waitFor: (part) => until(JSON.stringify(part), () => (text().includes(part) ? text() : undefined)),
    closed,
    close: () => socket.destroy(),
  };
};

/** Opens a stream on a topic path. */
export const openStream = (port: number, path: string, headers: Readonly<Record<string, string>> = {}): RawStream => {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return rawExchange(port, `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${lines.join("")}\r\n`);
};

/** Publishes and returns the id. */
export const publish = async (
  port: number,
  topic: string,
  data: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> => {
  const response = await fetch(`http://127.0.0.1:${port}/events/${topic}`, { method: "POST", body: data, headers });
  const answer = (await response.json()) as { readonly id?: string };
  if (response.status !== 202 || answer.id === undefined) throw new Error(`publish refused: ${JSON.stringify(answer)}`);
  return answer.id;
};
