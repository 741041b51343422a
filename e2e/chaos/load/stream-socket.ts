import { connect, type Socket } from "node:net";
import { AnswerReader } from "./answer-reader.ts";
import { type Block, createBlockReader } from "./block-reader.ts";

export interface StreamSocketParts {
  readonly address: string;
  readonly port: number;
  /** Path and query. */
  readonly target: string;
  readonly lastEventId: string | undefined;
  /** Milliseconds of silence after which the connection counts as dead. */
  readonly silenceMs: number;
  readonly onOpen: () => void;
  readonly onBlock: (block: Block) => void;
  /** Once; `status` is that of the answer, 0 where there was none. */
  readonly onEnd: (why: string, status: number) => void;
  readonly onBroken: (why: string) => void;
}

export interface StreamSocket {
  close(): void;
  /** Stops reading, or goes on. */
  pause(paused: boolean): void;
}

/** Opens one stream over a socket of its own. */
export const openStreamSocket = (parts: StreamSocketParts): StreamSocket => {
  const { address, port, target, lastEventId, silenceMs, onOpen, onEnd, onBroken } = parts;
  const answer = new AnswerReader(createBlockReader(parts.onBlock));
  const socket: Socket = connect({ host: address, port, noDelay: true });
  let ended = false;
  const end = (why: string): void => {
    if (ended) return;
    ended = true;
    socket.destroy();
    onEnd(why, answer.status);
  };
  socket.once("connect", () => {
    const resume = lastEventId === undefined ? "" : `Last-Event-ID: ${lastEventId}\r\n`;
    socket.write(`GET ${target} HTTP/1.1\r\nHost: ${address}:${port}\r\nAccept: text/event-stream\r\n${resume}\r\n`);
  });
  const read = (bytes: Buffer): void => {
    try {
      if (answer.status === 0 && bytes.includes("HTTP/1.1 200")) onOpen();
      answer.feed(bytes);
    } catch (fault) {
      onBroken(fault instanceof Error ? fault.message : String(fault));
      end("broken");
    }
  };
  socket.on("data", (bytes) => {
    read(bytes);
    if (answer.complete) end(answer.status === 200 ? "ended" : `status ${answer.status}`);
  });
  socket.setTimeout(silenceMs, () => end("silence"));
  socket.once("error", (error: NodeJS.ErrnoException) => end(error.code ?? "error"));
  socket.once("close", () => end("closed"));
  return {
    close: () => {
      ended = true;
      socket.destroy();
    },
    pause: (paused) => {
      socket.setTimeout(paused ? 0 : silenceMs);
      if (paused) socket.pause();
      else socket.resume();
    },
  };
};
