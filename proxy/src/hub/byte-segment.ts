/** From here on bytes have a buffer of their own: beside it, what a buffer costs is little. */
const ownBufferFrom = 2_048;
/** Of a row: number, value, end of its bytes. */
const width = 3;
/** What an entry takes besides its bytes: its row and its place among the owners. */
const rowBytes = 32;

/** How many bytes and entries a segment has room for. */
export interface SegmentRoom {
  readonly bytes: number;
  readonly entries: number;
}

/**
 * Entries of a `ByteLog` that follow one another: their bytes in one buffer, their numbers in one array. An entry is no
 * object, so a collection has nothing to look at or to copy for it. What was written is never written again: a view
 * stays what it was, also when the entry has gone.
 */
export class ByteSegment<Owner extends object> {
  readonly #bytes: Uint8Array;
  readonly #rows: Float64Array;
  /** Undefined: the entry has gone. */
  readonly #owners: (Owner | undefined)[];
  #rowsUsed = 0;
  #large: Map<number, Uint8Array> | undefined;
  #used = 0;
  /** Row of the first entry that is there. */
  #first = 0;
  #entries = 0;
  /** In the common buffer. */
  #bytesThere = 0;

  constructor({ bytes, entries }: SegmentRoom) {
    this.#bytes = Buffer.allocUnsafeSlow(bytes);
    this.#rows = new Float64Array(entries * width);
    this.#owners = new Array(entries);
  }

  /** Number of the first entry that was appended, even where it has gone. */
  get begin(): number {
    return this.#rows[0] ?? 0;
  }

  /** Row of the oldest entry that is there. */
  get first(): number {
    return this.#first;
  }

  get entries(): number {
    return this.#entries;
  }

  /** The room that its entries need. */
  get needed(): SegmentRoom {
    return { bytes: this.#bytesThere, entries: this.#entries };
  }

  /** Bytes that its entries would take in a segment of just their size. */
  get weight(): number {
    return this.#bytesThere + this.#entries * rowBytes;
  }

  /** Bytes that it takes, what has its own buffer left out. */
  get capacity(): number {
    return this.#bytes.length + this.#owners.length * rowBytes;
  }

  /** More than a quarter of its memory is for nothing. */
  get isLoose(): boolean {
    return this.weight * 4 < this.capacity * 3;
  }

  takes(size: number): boolean {
    if (this.#rowsUsed === this.#owners.length) return false;
    return size >= ownBufferFrom || this.#used + size <= this.#bytes.length;
  }

  append(owner: Owner, number: number, value: number, bytes: Uint8Array): void {
    const row = this.#rowsUsed;
    if (bytes.length >= ownBufferFrom) {
      this.#large ??= new Map();
      this.#large.set(row, ofItsOwn(bytes));
    } else {
      this.#bytes.set(bytes, this.#used);
      this.#used += bytes.length;
      this.#bytesThere += bytes.length;
    }
    this.#rows[row * width] = number;
    this.#rows[row * width + 1] = value;
    this.#rows[row * width + 2] = this.#used;
    this.#owners[row] = owner;
    this.#rowsUsed += 1;
    this.#entries += 1;
  }

  /** The entry's row; undefined where it is not there. */
  rowOf(number: number): number | undefined {
    if (this.#entries > 0 && this.numberAt(this.#first) === number) return this.#first;
    let low = this.#first;
    let high = this.#rowsUsed;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.numberAt(middle) < number) low = middle + 1;
      else high = middle;
    }
    return this.#owners[low] !== undefined && this.numberAt(low) === number ? low : undefined;
  }

  numberAt(row: number): number {
    return this.#rows[row * width] ?? 0;
  }

  valueAt(row: number): number {
    return this.#rows[row * width + 1] ?? 0;
  }

  ownerAt(row: number): Owner | undefined {
    return this.#owners[row];
  }

  bytesAt(row: number): Uint8Array {
    return this.#large?.get(row) ?? this.#bytes.subarray(this.#endAt(row - 1), this.#endAt(row));
  }

  /** Returns how many bytes the entry had. */
  remove(row: number): number {
    const large = this.#large?.get(row);
    const common = this.#endAt(row) - this.#endAt(row - 1);
    this.#large?.delete(row);
    this.#owners[row] = undefined;
    this.#entries -= 1;
    this.#bytesThere -= common;
    while (this.#first < this.#rowsUsed && this.#owners[this.#first] === undefined) this.#first += 1;
    return large?.length ?? common;
  }

  appendTo(other: ByteSegment<Owner>): void {
    for (let row = this.#first; row < this.#rowsUsed; row += 1) {
      const owner = this.#owners[row];
      if (owner !== undefined) other.append(owner, this.numberAt(row), this.valueAt(row), this.bytesAt(row));
    }
  }

  #endAt(row: number): number {
    return row < 0 ? 0 : (this.#rows[row * width + 2] ?? 0);
  }
}

/** Not a part of a larger buffer, which would have to stay as long. */
const ofItsOwn = (bytes: Uint8Array): Uint8Array =>
  bytes.length === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
