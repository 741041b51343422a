import type { Clock } from "../hub/ports.ts";

/** A message to be published. */
export interface OutgoingMessage {
  readonly data: Uint8Array;
  /** The whole header block, down to its empty line. */
  readonly headers: string;
}

export interface PublishWriterDeps {
  readonly clock: Pick<Clock, "endOfTurn">;
  /** Takes whole operations; the bytes are its own from then on. */
  readonly send: (operations: Uint8Array) => void;
}

/** More than this is not held back until the end of the turn. */
const mostGathered = 262_144;
const lineEnd = Buffer.from("\r\n");

/** Writes `HPUB` operations: one write for all messages of a turn of the event loop, for each costs a system call. */
export class PublishWriter {
  readonly #deps: PublishWriterDeps;
  #heads: string[] = [];
  #datas: Uint8Array[] = [];
  /** At most so many bytes. */
  #size = 0;
  #scheduled = false;

  constructor(deps: PublishWriterDeps) {
    this.#deps = deps;
  }

  /** `reply`: where an answer is wanted. The data is read at the end of the turn. */
  write(subject: string, { data, headers }: OutgoingMessage, reply?: string): void {
    const headerBytes = Buffer.byteLength(headers);
    const to = reply === undefined ? subject : `${subject} ${reply}`;
    const head = `HPUB ${to} ${headerBytes} ${headerBytes + data.length}\r\n${headers}`;
    this.#heads.push(head);
    this.#datas.push(data);
    this.#size += head.length - headers.length + headerBytes + data.length + lineEnd.length;
    if (this.#size >= mostGathered) this.#flush();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      this.#deps.clock.endOfTurn(this.#endOfTurn);
    }
  }

  /** What is not written yet never will be. */
  clear(): void {
    this.#heads = [];
    this.#datas = [];
    this.#size = 0;
  }

  readonly #endOfTurn = (): void => {
    this.#scheduled = false;
    if (this.#heads.length > 0) this.#flush();
  };

  #flush(): void {
    // Not of the pool: the kernel may take it later.
    const operations = Buffer.allocUnsafeSlow(this.#size);
    let at = 0;
    for (const [index, data] of this.#datas.entries()) {
      at += operations.write(this.#heads[index] ?? "", at);
      operations.set(data, at);
      at += data.length;
      operations.set(lineEnd, at);
      at += lineEnd.length;
    }
    this.clear();
    this.#deps.send(operations);
  }
}
