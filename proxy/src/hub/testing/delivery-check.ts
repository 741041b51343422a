import type { TopicId } from "../event.ts";
import { parseEventId } from "../event-id.ts";
import type { ModelEntry } from "./model-journal.ts";

/** One run of sequences of the journal; a rename gives it a further epoch. */
export interface World {
  readonly entries: readonly ModelEntry[];
  readonly removedTo: number;
  /** It began as an older copy of another one, with the entries up to `to`. */
  readonly kept?: { readonly of: World; readonly to: number };
}

/** Where a stream at `from` goes on in a later world without getting anything twice, or nothing of it at all. */
export const goesOnAfter = (from: { readonly world: World; readonly sequence: number }, later: World): number => {
  if (later === from.world) return from.sequence;
  return later.kept === undefined ? 0 : Math.min(later.kept.to, goesOnAfter(from, later.kept.of));
};

export interface Block {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Complete blocks of an event stream as the WHATWG parser sees them; comments and retry are left out. */
export const blocksOf = (bytes: Uint8Array): readonly Block[] => {
  const text = utf8.decode(bytes);
  const complete = text.slice(0, text.lastIndexOf("\n\n") + 2);
  return complete.split("\n\n").slice(0, -1).map(blockOf);
};

const blockOf = (text: string): Block => {
  const fields = text
    .split("\n")
    .map((line) => [line.slice(0, line.indexOf(": ")), line.slice(line.indexOf(": ") + 2)]);
  const last = (name: string) => fields.findLast(([field]) => field === name)?.[1];
  const data = fields.filter(([field]) => field === "data").map(([, value]) => value);
  const [id, event] = [last("id"), last("event")];
  return {
    ...(id === undefined ? {} : { id }),
    ...(event === undefined ? {} : { event }),
    ...(data.length === 0 ? {} : { data: data.join("\n") }),
  };
};

interface Place {
  readonly epoch: number;
  readonly world: World;
  readonly sequence: number;
}

/** Follows what one client, over all its connections, is sent, and throws at the first thing that breaks a promise. */
export class DeliveryCheck {
  readonly #topicId: TopicId;
  readonly #worldOf: (epoch: number) => World;
  #place: Place | undefined;
  #lastEventId = "";
  /** Where the gap that was just told ends; the next block must say so. */
  #gapTo: string | undefined;
  #gapFrom: Place | undefined;
  /** The connection has told an id. */
  #placed = false;
  received = 0;
  gaps = 0;

  constructor(topicId: TopicId, worldOf: (epoch: number) => World) {
    this.#topicId = topicId;
    this.#worldOf = worldOf;
  }

  get lastEventId(): string {
    return this.#lastEventId;
  }

  /** What one connection brought, from its beginning. */
  take(blocks: readonly Block[]): void {
    this.#placed = false;
    for (const block of blocks) {
      if (block.event === "revenprox.gap") this.#gap(block);
      else if (block.data !== undefined) this.#event(block);
      else if (block.id !== undefined) this.#movedTo(this.#parse(block.id), block.id);
    }
    this.#gapTo = undefined;
  }

  /** Nothing of the world is outstanding. */
  isLevelWith(world: World): boolean {
    const place = this.#place;
    return place !== undefined && place.world === world && this.#between(place, Number.POSITIVE_INFINITY).length === 0;
  }

  #gap(block: Block): void {
    if (block.id !== undefined) throw new Error("a gap carries an id");
    const { from, to, reason } = JSON.parse(block.data ?? "") as { from: string | null; to: string; reason: string };
    this.gaps += 1;
    this.#gapTo = to;
    if (from === null) throw new Error(`${reason}: no client of this test holds an invalid id`);
    const start = this.#parse(from);
    if (this.#place !== undefined && start.world !== this.#place.world)
      throw new Error(`the gap begins at ${from}, elsewhere`);
    this.#nothingUntil(start);
    this.#gapFrom = start;
    this.#becauseOf(reason, start, this.#parse(to));
  }

  #becauseOf(reason: string, start: Place, end: Place): void {
    if (reason === "expired" && start.epoch === end.epoch && start.sequence < start.world.removedTo) return;
    if (reason === "replay_limit" && start.epoch === end.epoch) return;
    if (reason === "reset" && start.epoch !== end.epoch) return;
    throw new Error(`nothing is ${reason} from ${start.epoch}-${start.sequence} to ${end.epoch}-${end.sequence}`);
  }

  #event(block: Block): void {
    if (block.id === undefined) throw new Error("an event carries no id");
    const place = this.#parse(block.id);
    const entry = place.world.entries.find(({ sequence }) => sequence === place.sequence);
    if (entry?.topicId !== this.#topicId || entry.event === undefined)
      throw new Error(`${block.id} is no event of the topic`);
    if (utf8.decode(entry.event.data) !== block.data) throw new Error(`${block.id} has other data`);
    if (this.#gapTo !== undefined) throw new Error("a gap without its id");
    if (this.#place === undefined) throw new Error("an event came before the first id");
    if (this.#place.world !== place.world) throw new Error(`${block.id} is of another journal and no gap was told`);
    if (place.epoch < this.#place.epoch) throw new Error(`${block.id} has the id of an older epoch`);
    if (place.sequence <= this.#place.sequence)
      throw new Error(`${block.id} after ${this.#lastEventId}: twice or out of order`);
    this.#nothingUntil({ ...place, sequence: place.sequence - 1 });
    this.#place = place;
    this.#lastEventId = block.id;
    this.received += 1;
  }

  #movedTo(place: Place, id: string): void {
    if (this.#gapTo !== undefined && this.#gapTo !== id) throw new Error(`${id} after a gap to ${this.#gapTo}`);
    if (this.#gapTo === undefined && this.#place !== undefined) {
      if (this.#place.world !== place.world) throw new Error(`${id} is of another journal and no gap was told`);
      if (place.epoch < this.#place.epoch) throw new Error(`${id} is of an older epoch`);
      if (place.sequence < this.#place.sequence) throw new Error(`${id} goes back behind ${this.#lastEventId}`);
      this.#nothingUntil(place);
    }
    if (place.sequence > (place.world.entries.at(-1)?.sequence ?? 0)) throw new Error(`${id} is not stored yet`);
    const from = this.#gapFrom;
    if (this.#gapTo !== undefined && this.#placed && from !== undefined && from.world !== place.world) {
      const due = goesOnAfter(from, place.world);
      if (place.sequence !== due) throw new Error(`goes on at ${id} after a reset, not after ${due}`);
    }
    this.#gapTo = undefined;
    this.#placed = true;
    this.#place = place;
    this.#lastEventId = id;
  }

  #nothingUntil(place: Place): void {
    const from = this.#place;
    if (from === undefined) return;
    const lost = this.#between(from, place.sequence);
    if (lost.length > 0)
      throw new Error(
        `lost without a word: ${lost.map(({ sequence }) => sequence)} (from ${from.sequence} to ${place.sequence})`,
      );
  }

  #between(from: Place, to: number): readonly ModelEntry[] {
    return from.world.entries.filter(
      ({ sequence, topicId, event }) =>
        topicId === this.#topicId && event !== undefined && sequence > from.sequence && sequence <= to,
    );
  }

  #parse(id: string): Place {
    const parsed = parseEventId(id);
    if (parsed.kind === "invalid") throw new Error(`${id} is no id`);
    const { epoch, sequence } = parsed.cursor;
    return { epoch, world: this.#worldOf(epoch), sequence };
  }
}
