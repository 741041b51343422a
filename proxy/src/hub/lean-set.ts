/** A set that takes next to no room while it is empty, as nearly all of those that each topic has are. */
export class LeanSet<Item> implements Iterable<Item> {
  #items: Set<Item> | undefined;

  get size(): number {
    return this.#items?.size ?? 0;
  }

  has(item: Item): boolean {
    return this.#items?.has(item) ?? false;
  }

  add(item: Item): void {
    this.#items ??= new Set();
    this.#items.add(item);
  }

  /** True: it was there. */
  delete(item: Item): boolean {
    const was = this.#items?.delete(item) ?? false;
    if (this.#items?.size === 0) this.#items = undefined;
    return was;
  }

  [Symbol.iterator](): Iterator<Item> {
    return (this.#items ?? none).values() as Iterator<Item>;
  }
}

const none: readonly never[] = [];
