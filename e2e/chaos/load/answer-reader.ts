/** An HTTP answer that breaks the rules of chunked transfer. */
export class BrokenAnswer extends Error {
  override readonly name = "BrokenAnswer";
}

type State = "head" | "size" | "data" | "data-end" | "done";

const longestLine = 64;

/** Reads one HTTP/1.1 answer with a chunked body, piece by piece; text is taken byte for byte (latin1). */
export class AnswerReader {
  readonly #onText: (text: string) => void;
  #state: State = "head";
  #waiting = "";
  #left = 0;
  #status = 0;

  constructor(onText: (text: string) => void) {
    this.#onText = onText;
  }

  /** 0 until the header block is there. */
  get status(): number {
    return this.#status;
  }

  get complete(): boolean {
    return this.#state === "done";
  }

  /** Throws `BrokenAnswer`. */
  feed(bytes: Buffer): void {
    this.#waiting += bytes.toString("latin1");
    while (this.#step());
  }

  /** False: more has to come first. */
  #step(): boolean {
    switch (this.#state) {
      case "head":
        return this.#head();
      case "size":
        return this.#size();
      case "data":
        return this.#data();
      case "data-end":
        return this.#dataEnd();
      case "done":
        return false;
    }
  }

  #head(): boolean {
    const end = this.#waiting.indexOf("\r\n\r\n");
    if (end < 0) return false;
    const head = this.#waiting.slice(0, end);
    this.#status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? Number.NaN);
    if (Number.isNaN(this.#status)) throw new BrokenAnswer(`status line ${JSON.stringify(head.slice(0, 40))}`);
    this.#waiting = this.#waiting.slice(end + 4);
    // A refusal has a body of stated length; nobody reads it.
    this.#state = /^transfer-encoding: chunked$/im.test(head) ? "size" : "done";
    if (this.#status === 200 && this.#state === "done") throw new BrokenAnswer("a stream that is not chunked");
    return true;
  }

  #size(): boolean {
    const end = this.#waiting.indexOf("\r\n");
    if (end < 0) {
      if (this.#waiting.length > longestLine) throw new BrokenAnswer("a chunk size without end");
      return false;
    }
    const line = this.#waiting.slice(0, end);
    if (!/^[0-9a-f]{1,8}$/i.test(line)) throw new BrokenAnswer(`chunk size ${JSON.stringify(line.slice(0, 40))}`);
    this.#left = Number.parseInt(line, 16);
    this.#waiting = this.#waiting.slice(end + 2);
    this.#state = this.#left === 0 ? "done" : "data";
    return true;
  }

  #data(): boolean {
    if (this.#waiting === "") return false;
    const text = this.#waiting.slice(0, this.#left);
    this.#left -= text.length;
    this.#waiting = this.#waiting.slice(text.length);
    if (this.#left === 0) this.#state = "data-end";
    this.#onText(text);
    return true;
  }

  #dataEnd(): boolean {
    if (this.#waiting.length < 2) return false;
    if (!this.#waiting.startsWith("\r\n")) throw new BrokenAnswer("a chunk that is longer than its size");
    this.#waiting = this.#waiting.slice(2);
    this.#state = "size";
    return true;
  }
}
