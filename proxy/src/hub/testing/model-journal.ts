import type { PublishedEvent, TopicId } from "../event.ts";
import {
  type Clock,
  type Cursor,
  type Journal,
  type JournalBounds,
  type JournalListener,
  type JournalPage,
  type JournalPlace,
  JournalUnavailable,
  type LiveEvent,
  type PublishOutcome,
  type Tails,
} from "../ports.ts";

export interface ModelEntry {
  readonly sequence: number;
  readonly topicId: TopicId;
  readonly event: PublishedEvent | undefined;
  readonly acceptedAt: number;
  /** Whoever follows the topic now was told it live, and at once. */
  told: boolean;
}

interface Told {
  readonly topicId: TopicId;
  readonly live: LiveEvent;
}

/** The journal of the port's contract, held in an array, whose every fault is switched by the test. */
export class ModelJournal implements Journal {
  readonly pageSize: number;
  epoch: number;
  connected = true;
  /** Everything stored in this epoch's sequences, removed or not. */
  history: ModelEntry[] = [];
  /** Live events are not told any more. */
  losing = false;
  /** Live events are told on `deliver()`, else at once. */
  slow = false;
  /** Answers come from a replica that has not seen the last so many entries. */
  stale = 0;
  /** Milliseconds between finding an answer and giving it. */
  answerDelayMs = 0;
  /** Milliseconds that a read takes; one after the other, as where many stand in line. */
  readMs = 0;
  /** Reads are rejected although the journal is connected. */
  readsFail = false;
  mostTogether = 1_000;
  readonly calls = { follow: 0, tails: 0, read: 0, bounds: 0, locate: 0 };
  #listener: JournalListener | undefined;
  #followers = new Map<TopicId, Set<(event: LiveEvent) => void>>();
  #untold: Told[] = [];
  readonly #messageIds = new Map<string, number>();
  #removedTo = 0;
  #sequence = 0;
  /** What is known while the journal is away. */
  #knownBefore: Cursor;
  #lineEndsAt = 0;
  readonly #inLine = new Set<() => void>();
  readonly #clock: Clock;

  constructor(clock: Clock, options: { readonly epoch?: number; readonly pageSize?: number } = {}) {
    this.#clock = clock;
    this.epoch = options.epoch ?? 1_700_000_000_000;
    this.pageSize = options.pageSize ?? 3;
    this.#knownBefore = { epoch: this.epoch, sequence: 0 };
  }

  get known(): Cursor {
    if (!this.connected) return this.#knownBefore;
    return { epoch: this.epoch, sequence: Math.max(0, this.#sequence - this.stale) };
  }

  get removedTo(): number {
    return this.#removedTo;
  }

  get lastSequence(): number {
    return this.#sequence;
  }

  listen(listener: JournalListener): void {
    this.#listener = listener;
  }

  async publish(topicId: TopicId, event: PublishedEvent, messageId?: string): Promise<PublishOutcome> {
    if (!this.connected) return { kind: "unavailable" };
    const first = messageId === undefined ? undefined : this.#messageIds.get(messageId);
    const sequence = first ?? this.store(topicId, event);
    if (messageId !== undefined) this.#messageIds.set(messageId, sequence);
    return {
      kind: "stored",
      cursor: { epoch: this.epoch, sequence },
      ...(first === undefined ? {} : { duplicate: true }),
    };
  }

  async publishTogether(topicId: TopicId, events: readonly PublishedEvent[]): Promise<PublishOutcome> {
    if (!this.connected) return { kind: "unavailable" };
    for (const event of events) this.store(topicId, event);
    return { kind: "stored", cursor: { epoch: this.epoch, sequence: this.#sequence } };
  }

  /** Stores without asking whether this process is connected; undefined = an entry that breaks the format. */
  store(topicId: TopicId, event: PublishedEvent | undefined): number {
    const previous = this.#stored(topicId, this.#sequence).at(-1)?.sequence ?? 0;
    this.#sequence += 1;
    const entry = { sequence: this.#sequence, topicId, event, acceptedAt: this.#clock.now(), told: false };
    this.history.push(entry);
    if (this.losing || !this.connected) return entry.sequence;
    const { sequence, acceptedAt } = entry;
    this.#untold.push({ topicId, live: { sequence, acceptedAt, previous, ...(event === undefined ? {} : { event }) } });
    entry.told = !this.slow && (this.#followers.get(topicId)?.size ?? 0) > 0;
    if (!this.slow) this.deliver();
    return entry.sequence;
  }

  /** Tells the live events that are under way. */
  deliver(): void {
    const told = this.#untold;
    this.#untold = [];
    for (const { topicId, live } of told) {
      const followers = this.#followers.get(topicId) ?? new Set();
      for (const onEvent of followers) onEvent(live);
    }
  }

  /** Reads take no time any more, those that stand in line neither. */
  hurry(): void {
    this.readMs = 0;
    this.#lineEndsAt = 0;
    for (const letIn of this.#inLine) letIn();
    this.#inLine.clear();
  }

  loseUntold(): void {
    this.#untold = [];
  }

  /** The oldest entries go, as limits on age and bytes take them. */
  expire(upTo: number): void {
    this.#removedTo = Math.max(this.#removedTo, Math.min(upTo, this.#sequence));
  }

  disconnect(): void {
    if (!this.connected) return;
    this.#knownBefore = this.known;
    this.connected = false;
    this.loseUntold();
    this.#listener?.disconnected();
  }

  connect(): void {
    if (this.connected) return;
    this.connected = true;
    this.#listener?.resync("connected");
  }

  nudge(topicId: TopicId, sequence: number): void {
    if (this.connected) this.#listener?.nudge(topicId, sequence);
  }

  /** A wiped journal: sequences and ids begin anew. */
  restart(): void {
    this.loseUntold();
    this.history = [];
    this.#sequence = 0;
    this.#removedTo = 0;
    this.epoch += 1_000;
    this.#listener?.epochChanged({ epoch: this.epoch, restarted: true });
  }

  /** An older copy, with the entries up to `keptTo`; `meanwhile` happens before anybody is told. */
  restore(keptTo: number, meanwhile: () => void): void {
    this.loseUntold();
    this.history = this.history.filter(({ sequence }) => sequence <= keptTo);
    this.#sequence = keptTo;
    this.#removedTo = Math.min(this.#removedTo, keptTo);
    this.epoch += 1_000;
    const { losing } = this;
    this.losing = true;
    meanwhile();
    this.losing = losing;
    this.#listener?.epochChanged({ epoch: this.epoch, restarted: true, keptTo });
  }

  /** The same entries under new ids. */
  rename(): void {
    this.epoch += 1_000;
    this.#listener?.epochChanged({ epoch: this.epoch, restarted: false });
  }

  async follow(topicId: TopicId, onEvent: (event: LiveEvent) => void): Promise<{ stop(): void }> {
    this.calls.follow += 1;
    await this.#answer(undefined);
    const followers = this.#followers.get(topicId) ?? new Set();
    if (followers.size === 0) for (const entry of this.history) if (entry.topicId === topicId) entry.told = false;
    this.#followers.set(topicId, followers.add(onEvent));
    return {
      stop: () => {
        followers.delete(onEvent);
      },
    };
  }

  get followed(): number {
    return [...this.#followers.values()].filter((followers) => followers.size > 0).length;
  }

  async tails(topicIds: readonly TopicId[]): Promise<Tails> {
    this.calls.tails += 1;
    this.#reach();
    const checkedTo = this.#seen();
    const last = new Map(topicIds.map((id) => [id, this.#stored(id, checkedTo).at(-1)?.sequence ?? 0]));
    return this.#answer({ epoch: this.epoch, checkedTo, last });
  }

  async read(topicId: TopicId, after: number): Promise<JournalPage> {
    this.calls.read += 1;
    this.#reach();
    if (this.readMs > 0) await this.#standInLine();
    this.#reach();
    if (this.readsFail) throw new JournalUnavailable("reads fail");
    const seen = this.#seen();
    const stored = this.#stored(topicId, seen).filter(({ sequence }) => sequence > after);
    const entries = stored.slice(0, this.pageSize);
    const end = entries.length === stored.length;
    const events = entries.map(({ sequence, acceptedAt, event }) => ({
      sequence,
      acceptedAt,
      ...(event === undefined ? {} : { event }),
    }));
    const completeTo = end ? Math.max(seen, after) : (events.at(-1)?.sequence ?? after);
    return this.#answer({ events, missed: after < Math.min(this.#removedTo, seen), completeTo, end });
  }

  async #standInLine(): Promise<void> {
    const now = this.#clock.now();
    this.#lineEndsAt = Math.max(this.#lineEndsAt, now) + this.readMs;
    const ms = this.#lineEndsAt - now;
    await new Promise<void>((go) => {
      const cancel = this.#clock.after(ms, () => this.#inLine.delete(letIn) && go());
      const letIn = () => {
        cancel();
        go();
      };
      this.#inLine.add(letIn);
    });
  }

  async locate(topicId: TopicId, place: JournalPlace): Promise<number> {
    this.calls.locate += 1;
    this.#reach();
    const seen = this.#seen();
    const stored = this.#stored(topicId, seen);
    const first =
      "last" in place
        ? (stored.at(-place.last) ?? stored[0])
        : stored.find(({ acceptedAt }) => acceptedAt >= place.since);
    return this.#answer(first === undefined ? seen : first.sequence - 1);
  }

  async bounds(): Promise<JournalBounds> {
    this.calls.bounds += 1;
    this.#reach();
    return this.#answer({ epoch: this.epoch, firstSequence: this.#removedTo + 1, lastSequence: this.#sequence });
  }

  async #answer<Answer>(answer: Answer): Promise<Answer> {
    this.#reach();
    if (this.answerDelayMs > 0) await new Promise<void>((go) => this.#clock.after(this.answerDelayMs, go));
    this.#reach();
    return answer;
  }

  #reach(): void {
    if (!this.connected) throw new JournalUnavailable("the model is disconnected");
  }

  #seen(): number {
    return Math.max(0, this.#sequence - this.stale);
  }

  #stored(topicId: TopicId, upTo: number): readonly ModelEntry[] {
    return this.history.filter(
      (entry) => entry.topicId === topicId && entry.sequence > this.#removedTo && entry.sequence <= upTo,
    );
  }
}
