import { copyOf } from "../hub/copy-of.ts";
import type { Body } from "./exchange.ts";

/** The body of one request of uWebSockets.js, as it comes. */
export class UwsBody {
  readonly #limit: number;
  #use: ((body: Body) => void) | undefined;
  #size = 0;
  /** All that came before the last part; nearly every body has only that one. */
  #before: Uint8Array[] | undefined;

  /** `use` is called once. */
  constructor(limit: number, use: (body: Body) => void) {
    this.#limit = limit;
    this.#use = use;
  }

  /** `part` is the library's, and gone after the call. */
  take(part: ArrayBuffer, isLast: boolean): void {
    this.#size += part.byteLength;
    if (this.#size > this.#limit) {
      // The rest is read and forgotten: closing at once could cost the client our answer.
      this.#before = undefined;
      this.#tell({ kind: "too-large" });
      return;
    }
    const bytes = copyOf(new Uint8Array(part));
    if (isLast) this.#tell({ kind: "bytes", bytes: this.#joined(bytes) });
    else {
      this.#before ??= [];
      this.#before.push(bytes);
    }
  }

  /** The client is gone. */
  aborted(): void {
    this.#tell({ kind: "aborted" });
  }

  #joined(last: Uint8Array): Uint8Array {
    return this.#before === undefined ? last : Buffer.concat([...this.#before, last]);
  }

  #tell(body: Body): void {
    const use = this.#use;
    this.#use = undefined;
    use?.(body);
  }
}
