import { connect, type Socket } from "node:net";

export interface ChurnedAddress {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** Address of the loopback network that it connects from. */
  readonly source: string;
}

/** What all churned streams together saw. */
export interface ChurnTally {
  opened: number;
  delivered: number;
  /** Lost, doubled, out of order, or told as a gap. */
  disordered: number;
  /** By the server. */
  closed: number;
  fault: string;
  /** Milliseconds from the connect to the first byte of each stream since somebody last looked. */
  waits: number[];
}

export const newTally = (): ChurnTally => ({
  opened: 0,
  delivered: 0,
  disordered: 0,
  closed: 0,
  fault: "",
  waits: [],
});

const chunkHeader = /\r\n[0-9a-f]+\r\n/g;
/** A record of the load tool (load/record.go): step, lane and sequence. */
const delivery = /^id: (\S+)\ndata: RPXB([0-9a-f]{2})([0-9a-f]{2})[0-9a-f]{6}([0-9a-f]{8})/;
const blankLine = "\n\n";

/** A client that leaves and comes back with the id of the last event it has, and must then get exactly what follows. */
export class ChurnedStream {
  readonly #address: ChurnedAddress;
  readonly #tally: ChurnTally;
  #socket: Socket | undefined;
  #rest = "";
  #lastId: string | undefined;
  #step: string | undefined;
  /** The sequence that each lane is due to send in this step. */
  readonly #next = new Map<string, number>();

  constructor(address: ChurnedAddress, tally: ChurnTally) {
    this.#address = address;
    this.#tally = tally;
  }

  get open(): boolean {
    return this.#socket !== undefined;
  }

  /** Closes what is open, and opens it anew. */
  reopen(): void {
    this.close();
    const { host, port, path, source } = this.#address;
    const began = performance.now();
    const resume = this.#lastId === undefined ? "" : `Last-Event-ID: ${this.#lastId}\r\n`;
    const socket = connect({ host, port, localAddress: source });
    this.#socket = socket;
    this.#rest = "";
    socket.setEncoding("latin1");
    socket.once("connect", () => socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\n${resume}\r\n`));
    socket.once("data", () => {
      this.#tally.opened += 1;
      this.#tally.waits.push(performance.now() - began);
    });
    socket.on("data", (text: string) => this.#take(text));
    socket.on("error", (error) => this.#lost(socket, error.message));
    socket.on("close", () => this.#lost(socket, "closed by the server"));
  }

  close(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.destroy();
  }

  #lost(socket: Socket, why: string): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    this.#tally.closed += 1;
    this.#tally.fault = why;
  }

  #take(text: string): void {
    const blocks = (this.#rest + text).replace(chunkHeader, "").split(blankLine);
    this.#rest = blocks.pop() ?? "";
    for (const block of blocks) this.#read(block);
  }

  #read(block: string): void {
    const [whole, id, step, lane = "", sequence = ""] = delivery.exec(block) ?? [];
    if (whole === undefined) {
      if (block.includes("event: revenprox.")) this.#wrong(block);
      this.#lastId = /^id: (\S+)$/m.exec(block)?.[1] ?? this.#lastId;
      return;
    }
    if (step !== this.#step) this.#next.clear();
    this.#step = step;
    const found = Number.parseInt(sequence, 16);
    const due = this.#next.get(lane) ?? 0;
    if (found !== due) this.#wrong(`sequence ${found} of step ${step} instead of ${due}`);
    this.#next.set(lane, found + 1);
    this.#lastId = id;
    this.#tally.delivered += 1;
  }

  #wrong(what: string): void {
    this.#tally.disordered += 1;
    this.#tally.fault = what;
  }
}
