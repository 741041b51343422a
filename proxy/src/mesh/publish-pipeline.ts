import { randomBytes } from "node:crypto";
import { createInbox } from "@nats-io/nats-core";
import type { JournalConfig } from "@revenprox/contract/config/proxy-config";
import { natsSubjects } from "@revenprox/contract/nats-subjects";
import type { PublishedEvent, TopicId } from "../hub/event.ts";
import type { Clock, Log, PublishOutcome, Random } from "../hub/ports.ts";
import { boundedWarning } from "./bounded-log.ts";
import { readDecimal } from "./decimal.ts";
import { writeBatchHeaders, writeHeaders } from "./event-message.ts";
import type { JournalPosition } from "./journal-position.ts";
import { type PublishAnswer, readPublishAnswer } from "./publish-answer.ts";
import { type OutgoingMessage, PublishWriter } from "./publish-writer.ts";
import type { WireConnection, WireSubscription } from "./wire-connection.ts";
import type { WireMessage } from "./wire-reader.ts";

export interface PublishPipelineDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly instance: string;
  readonly journal: JournalConfig;
  readonly position: JournalPosition;
  /** Stored, but perhaps never told live: the answer to a first attempt was lost. */
  readonly onDoubt: (topicId: TopicId, sequence: number) => void;
  /** Nobody takes publishes, though the journal was usable. */
  readonly onNoResponders: () => void;
  /** A sequence that lies below what is known; resolves when the journal's epoch has been looked at. */
  readonly onStepBack: () => Promise<void>;
  /** The look at the journal's epoch that is under way, if there is one. */
  readonly looking: () => Promise<void> | undefined;
}

interface Pending {
  readonly topicId: TopicId;
  /** More than one: an atomic batch, answered once. */
  readonly messages: readonly OutgoingMessage[];
  readonly deadline: number;
  readonly done: (outcome: PublishOutcome) => void;
  readonly knownBefore: number;
  /** The journal's epoch when it was last sent. */
  epoch: number | undefined;
  /** 0: never sent. */
  firstSentAt: number;
  sentAt: number;
  /** Sent, and no answer yet. */
  sent: boolean;
  notBefore: number;
  attempts: number;
  /** An attempt ended without an answer: it may be stored. */
  open: boolean;
}

type StoredAnswer = Extract<PublishAnswer, { readonly kind: "stored" }>;

/** Attempts are repeated under the same message id, so a lost answer never stores twice. */
const attemptTimeoutMs = 2_000;
const retryMs = { base: 50, cap: 1_000 } as const;
const sweepMs = 50;
/** Beyond this share of the duplicate window a repeated id might no longer be recognised. */
const safeWindow = 0.8;

/** Publishes with many acknowledgements in flight: one inbox, no timer per message. */
export class PublishPipeline {
  readonly #deps: PublishPipelineDeps;
  readonly #pending = new Map<number, Pending>();
  readonly #subjects: ReturnType<typeof natsSubjects>;
  /** Message ids of this process begin with it. */
  readonly #nonce = randomBytes(9).toString("base64url");
  readonly #warn: (fields: Readonly<Record<string, unknown>>) => void;
  readonly #retryUntil: number;
  #inbox = "";
  readonly #writer: PublishWriter;
  #subscription: WireSubscription | undefined;
  #connection: WireConnection | undefined;
  #closedSince = Number.NEGATIVE_INFINITY;
  #last = 0;
  #cancelSweep: (() => void) | undefined;

  constructor(deps: PublishPipelineDeps) {
    this.#deps = deps;
    this.#subjects = natsSubjects(deps.instance);
    this.#warn = boundedWarning(deps, "The journal refuses events");
    this.#writer = new PublishWriter({ clock: deps.clock, send: (operations) => this.#connection?.send(operations) });
    this.#retryUntil = deps.journal.duplicateWindowSec * 1_000 * safeWindow;
  }

  /** The journal is usable over `connection`: what waits is sent. */
  resume(connection: WireConnection, inboxPrefix: string): void {
    if (this.#subscription === undefined || this.#subscription.isClosed()) {
      this.#inbox = `${createInbox(inboxPrefix)}.`;
      this.#subscription = connection.subscribe(
        `${this.#inbox}*`,
        (message) => this.#answered(message),
        (fault) => this.#warn({ cause: fault.message }),
      );
    }
    this.#connection = connection;
    for (const [token, entry] of this.#pending) if (!entry.sent) this.#send(token, entry);
  }

  /** The journal is out of reach: what was sent may be stored, and is sent again under its id later. */
  suspend(): void {
    if (this.#connection === undefined) return;
    this.#connection = undefined;
    this.#writer.clear();
    this.#closedSince = this.#deps.clock.now();
    for (const entry of this.#pending.values()) {
      if (entry.sent) entry.open = true;
      entry.sent = false;
      entry.notBefore = 0;
    }
  }

  /** Nothing is taken any more; what waits is answered now. */
  close(): void {
    this.suspend();
    this.#closedSince = Number.NEGATIVE_INFINITY;
    this.#subscription?.unsubscribe();
    for (const [token, entry] of this.#pending) this.#finish(token, entry, this.#failure(entry));
  }

  publish(topicId: TopicId, event: PublishedEvent, messageId?: string): Promise<PublishOutcome> {
    return this.#enter(topicId, (own) => [{ data: event.data, headers: writeHeaders(event, messageId ?? own) }]);
  }

  /** Stores all or none; an attempt whose answer is lost is not repeated, for nothing would recognise it. */
  publishTogether(topicId: TopicId, events: readonly PublishedEvent[]): Promise<PublishOutcome> {
    return this.#enter(topicId, (own) => {
      const headers = writeBatchHeaders(events, own);
      return events.flatMap(({ data }, index) => {
        const mine = headers[index];
        return mine === undefined ? [] : [{ data, headers: mine }];
      });
    });
  }

  #enter(topicId: TopicId, write: (own: string) => readonly OutgoingMessage[]): Promise<PublishOutcome> {
    const { journal, clock, position } = this.#deps;
    if (this.#pending.size >= journal.maxInFlight) return Promise.resolve({ kind: "busy" });
    const now = clock.now();
    // A short outage is waited out, a long one is told at once.
    if (this.#connection === undefined && now - this.#closedSince >= journal.publishTimeoutMs) {
      return Promise.resolve({ kind: "unavailable" });
    }
    this.#last += 1;
    const token = this.#last;
    const messages = write(`${this.#nonce}${token.toString(36)}`);
    return new Promise((done) => {
      const entry: Pending = {
        topicId,
        messages,
        deadline: now + journal.publishTimeoutMs,
        done,
        knownBefore: position.highest,
        epoch: undefined,
        firstSentAt: 0,
        sentAt: 0,
        sent: false,
        notBefore: 0,
        attempts: 0,
        open: false,
      };
      this.#pending.set(token, entry);
      this.#send(token, entry);
      this.#scheduleSweep();
    });
  }

  /** Most bytes of data the server takes with a message's headers, when the message has more. */
  #dataLimit(messages: readonly OutgoingMessage[]): number | undefined {
    const most = this.#connection?.mostBytes;
    if (most === undefined) return undefined;
    for (const { data, headers } of messages) {
      const limit = most - Buffer.byteLength(headers);
      if (data.length > limit) return Math.max(0, limit);
    }
    return undefined;
  }

  #send(token: number, entry: Pending): void {
    if (this.#connection === undefined) return;
    const now = this.#deps.clock.now();
    if (entry.open && (entry.messages.length > 1 || now - entry.firstSentAt > this.#retryUntil)) return;
    const limit = this.#dataLimit(entry.messages);
    if (limit !== undefined) {
      this.#finish(token, entry, entry.open ? { kind: "unknown" } : { kind: "too-large", limit });
      return;
    }
    if (entry.attempts === 0) entry.firstSentAt = now;
    entry.attempts += 1;
    entry.epoch = this.#deps.position.epoch;
    entry.sent = true;
    entry.sentAt = now;
    this.#put(token, entry);
  }

  #put(token: number, { topicId, messages }: Pending): void {
    const subject = this.#subjects.in(topicId);
    const last = messages.at(-1);
    for (const message of messages)
      this.#writer.write(subject, message, message === last ? `${this.#inbox}${token}` : undefined);
  }

  /** Runs inside the connection's reader, which a thrown error would close for good. */
  #answered({ bytes, subjectAt, subjectEnd, dataAt, end }: WireMessage): void {
    try {
      const token = readDecimal(bytes, subjectAt + this.#inbox.length, subjectEnd);
      const entry = this.#pending.get(token);
      if (entry !== undefined) this.#take(token, entry, readPublishAnswer(bytes, dataAt, end));
    } catch (fault) {
      this.#deps.log.error("An answer of the journal could not be handled", { cause: String(fault) });
    }
  }

  #take(token: number, entry: Pending, answer: PublishAnswer): void {
    switch (answer.kind) {
      case "stored":
        this.#stored(token, entry, answer);
        break;
      case "retry":
        if (answer.cause === "no responders") this.#deps.onNoResponders();
        this.#waitAgain(entry);
        break;
      case "refused":
        this.#warn({ cause: answer.cause });
        this.#finish(token, entry, { kind: entry.open ? "unknown" : "unavailable" });
        break;
    }
  }

  #stored(token: number, entry: Pending, answer: StoredAnswer): void {
    const { onStepBack, looking } = this.#deps;
    const stepBack = !answer.duplicate && answer.sequence <= entry.knownBefore;
    // The journal is not the known one, or may not be: the id has to carry the epoch under which it is stored.
    const look = stepBack ? onStepBack() : looking();
    this.#pending.delete(token);
    const settle = () => this.#settle(entry, answer);
    if (look === undefined) settle();
    else void look.then(settle, settle);
  }

  #settle(entry: Pending, { sequence, duplicate }: StoredAnswer): void {
    const { position, onDoubt } = this.#deps;
    // A late answer of a journal that is gone says nothing of the present one.
    if (entry.epoch === position.epoch) position.note(sequence);
    if (duplicate) onDoubt(entry.topicId, sequence);
    entry.done(this.#storedAt(sequence, duplicate));
  }

  #storedAt(sequence: number, duplicate = false): PublishOutcome {
    const epoch = this.#deps.position.epoch;
    if (epoch === undefined) return { kind: "unknown" };
    return { kind: "stored", cursor: { epoch, sequence }, ...(duplicate ? { duplicate } : {}) };
  }

  #waitAgain(entry: Pending): void {
    const wait = Math.min(retryMs.cap, retryMs.base * 2 ** (entry.attempts - 1));
    entry.sent = false;
    entry.notBefore = this.#deps.clock.now() + wait * (0.5 + this.#deps.random());
  }

  #finish(token: number, entry: Pending, outcome: PublishOutcome): void {
    this.#pending.delete(token);
    entry.done(outcome);
  }

  #failure(entry: Pending): PublishOutcome {
    return { kind: entry.open || entry.sent ? "unknown" : "unavailable" };
  }

  #scheduleSweep(): void {
    this.#cancelSweep ??= this.#deps.clock.after(sweepMs, () => {
      this.#cancelSweep = undefined;
      this.#sweep(this.#deps.clock.now());
      if (this.#pending.size > 0) this.#scheduleSweep();
    });
  }

  #sweep(now: number): void {
    for (const [token, entry] of this.#pending) {
      if (now >= entry.deadline) this.#finish(token, entry, this.#failure(entry));
      else if (entry.sent && now - entry.sentAt >= attemptTimeoutMs) {
        entry.open = true;
        this.#send(token, entry);
      } else if (!entry.sent && now >= entry.notBefore) this.#send(token, entry);
    }
  }
}
