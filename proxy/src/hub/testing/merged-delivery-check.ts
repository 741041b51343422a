import { parseEventId } from "../event-id.ts";
import type { FrameEncoding } from "../frame-encoding.ts";
import type { TopicRef } from "../past.ts";
import { type Block, goesOnAfter, type World } from "./delivery-check.ts";
import type { ModelEntry } from "./model-journal.ts";

interface Place {
  readonly epoch: number;
  readonly world: World;
  readonly sequence: number;
}

interface Told {
  readonly topic: string;
  readonly from: string | null;
  readonly to: string;
  readonly reason: string;
}

const utf8 = new TextDecoder();

/**
 * Follows what one client of several topics is sent, over all its connections, and throws at the first thing that
 * breaks a promise: everything once, in journal order over all topics, or told as a gap. Only what the hub was never
 * told live may come late, with the place that the client holds, on this connection or a later one; what is outstanding
 * is forgiven only where a connection ends within a write.
 */
export class MergedDeliveryCheck {
  readonly #topics: ReadonlyMap<string, string>;
  readonly #encoding: FrameEncoding;
  readonly #worldOf: (epoch: number) => World;
  readonly #settled = new Set<ModelEntry>();
  readonly #outstanding = new Set<ModelEntry>();
  /** Told as a gap while the journal still had them: they may come after all. */
  readonly #unreadable = new Set<ModelEntry>();
  #resets = new Set<string>();
  #resetFrom: Place | undefined;
  /** The connection has told an id. */
  #placed = false;
  #place: Place | undefined;
  #lastEventId = "";
  received = 0;
  gaps = 0;
  unreadable = 0;
  late = 0;
  forgiven = 0;

  constructor(topics: readonly TopicRef[], encoding: FrameEncoding, worldOf: (epoch: number) => World) {
    this.#topics = new Map(topics.map(({ topic, topicId }) => [topicId, topic]));
    this.#encoding = encoding;
    this.#worldOf = worldOf;
  }

  get lastEventId(): string {
    return this.#lastEventId;
  }

  get lacking(): readonly ModelEntry[] {
    return [...this.#outstanding].sort((left, right) => left.sequence - right.sequence);
  }

  take(blocks: readonly Block[]): void {
    this.#placed = false;
    for (const block of blocks) {
      if (block.event === "revenprox.gap") this.#gap(block);
      else if (block.data !== undefined) this.#event(block.id, block.data);
      else if (block.id !== undefined) this.#movedTo(this.#parse(block.id), block.id);
    }
    this.#resets.clear();
  }

  /** The connection is over. Between an event and the id block of the same write the client holds an id without a proof. */
  cut(insideWrite: boolean): void {
    if (!insideWrite || this.#lastEventId.includes("~")) return;
    this.forgiven += this.#outstanding.size;
    for (const entry of this.#outstanding) this.#settled.add(entry);
    this.#outstanding.clear();
  }

  isLevelWith(world: World): boolean {
    const place = this.#place;
    if (place === undefined || place.world !== world || this.#outstanding.size > 0) return false;
    return this.#between(place, Number.POSITIVE_INFINITY).length === 0;
  }

  #gap(block: Block): void {
    if (block.id !== undefined) throw new Error("a gap carries an id");
    const { topic, from, to, reason } = JSON.parse(block.data ?? "") as Told;
    if (from === null) throw new Error(`${reason}: no client of this test holds an invalid id`);
    this.gaps += 1;
    const [start, end] = [this.#parse(from), this.#parse(to)];
    if (reason === "reset") {
      if (start.epoch === end.epoch) throw new Error(`nothing is reset from ${from} to ${to}`);
      this.#resets.add(topic);
      this.#resetFrom = start;
      return;
    }
    const covered = this.#of(topic, start, end);
    if (reason === "expired" && start.sequence >= start.world.removedTo && covered.length > 0)
      throw new Error(`nothing expired from ${from}`);
    if (reason === "unreadable") this.unreadable += 1;
    else if (reason !== "expired" && reason !== "replay_limit") throw new Error(`gap for ${reason}`);
    for (const entry of covered) {
      if (reason === "unreadable" && !this.#settled.has(entry)) this.#unreadable.add(entry);
      this.#outstanding.delete(entry);
      this.#settled.add(entry);
    }
  }

  #of(topic: string, from: Place, to: Place): readonly ModelEntry[] {
    return to.world.entries.filter(
      ({ topicId, sequence, event }) =>
        event !== undefined &&
        this.#topics.get(topicId) === topic &&
        sequence > from.sequence &&
        sequence <= to.sequence,
    );
  }

  #event(id: string | undefined, data: string): void {
    if (id === undefined) throw new Error("an event carries no id");
    const place = this.#parse(id);
    const held = this.#place;
    const entry = this.#entryOf(place, data);
    if (held === undefined) throw new Error("an event came before the first id");
    if (held.world !== place.world) throw new Error(`${id} is of another journal and no gap was told`);
    if (place.epoch < held.epoch) throw new Error(`${id} has the id of an older epoch`);
    this.received += 1;
    if (entry.sequence < place.sequence || this.#outstanding.has(entry)) {
      if (place.sequence < held.sequence) throw new Error(`late ${entry.sequence} moves the id back to ${id}`);
      this.#nothingUntil(place.sequence);
      this.#place = place;
      this.#lastEventId = id;
      const isDue = this.#outstanding.delete(entry) || this.#unreadable.delete(entry);
      if (!isDue) throw new Error(`late ${entry.sequence} was not outstanding at ${id}`);
      this.#settled.add(entry);
      this.late += 1;
      return;
    }
    if (entry.sequence !== place.sequence || place.sequence <= held.sequence)
      throw new Error(`${entry.sequence} as ${id} after ${this.#lastEventId}: twice or out of order`);
    this.#nothingUntil(place.sequence - 1);
    this.#settled.add(entry);
    this.#place = place;
    this.#lastEventId = id;
  }

  #entryOf(place: Place, text: string): ModelEntry {
    const sent = this.#encoding === "plain" ? { data: text } : this.#envelope(text);
    const entry = place.world.entries.find(({ event }) => event !== undefined && utf8.decode(event.data) === sent.data);
    if (entry === undefined || !this.#topics.has(entry.topicId)) throw new Error(`${text} is no event of the topics`);
    if ("topic" in sent) {
      if (sent.topic !== this.#topics.get(entry.topicId)) throw new Error(`${text} names another topic`);
      if (this.#parse(sent.id).sequence !== entry.sequence) throw new Error(`${text} has another id`);
    }
    return entry;
  }

  #envelope(text: string): { readonly topic: string; readonly id: string; readonly data: string } {
    const envelope = JSON.parse(text) as { topic: string; id: string; event: string; data: string };
    if (Object.keys(envelope).join() !== "topic,id,event,data") throw new Error(`${text} is no envelope`);
    return envelope;
  }

  #movedTo(place: Place, id: string): void {
    const held = this.#place;
    const wasTold = this.#resets.size === this.#topics.size;
    if (held !== undefined && wasTold) {
      this.#outstanding.clear();
      const due = this.#resetFrom === undefined ? 0 : goesOnAfter(this.#resetFrom, place.world);
      if (this.#placed && place.sequence !== due) throw new Error(`goes on at ${id} after a reset, not after ${due}`);
    } else if (held !== undefined) {
      if (held.world !== place.world) throw new Error(`${id} is of another journal and no gap was told`);
      if (place.epoch < held.epoch) throw new Error(`${id} is of an older epoch`);
      if (place.sequence < held.sequence) throw new Error(`${id} goes back behind ${this.#lastEventId}`);
      this.#nothingUntil(place.sequence);
    }
    if (place.sequence > (place.world.entries.at(-1)?.sequence ?? 0)) throw new Error(`${id} is not stored yet`);
    this.#resets.clear();
    this.#placed = true;
    this.#place = place;
    this.#lastEventId = id;
  }

  #nothingUntil(sequence: number): void {
    if (this.#place === undefined) return;
    for (const entry of this.#between(this.#place, sequence)) {
      if (entry.told)
        throw new Error(`lost without a word: ${entry.sequence} (from ${this.#lastEventId} to ${sequence})`);
      this.#outstanding.add(entry);
    }
  }

  #between(from: Place, to: number): readonly ModelEntry[] {
    return from.world.entries.filter(
      (entry) =>
        this.#topics.has(entry.topicId) &&
        entry.event !== undefined &&
        entry.sequence > from.sequence &&
        entry.sequence <= to &&
        !this.#settled.has(entry) &&
        !this.#outstanding.has(entry),
    );
  }

  #parse(id: string): Place {
    const parsed = parseEventId(id);
    if (parsed.kind === "invalid") throw new Error(`${id} is no id`);
    const { epoch, sequence } = parsed.cursor;
    return { epoch, world: this.#worldOf(epoch), sequence };
  }
}
