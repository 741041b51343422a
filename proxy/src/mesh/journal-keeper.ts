import { type JetStreamManager, jetstreamManager, type StreamInfo } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import type { JournalConfig } from "@revenprox/contract/config/proxy-config";
import { journalStream, natsSubjects } from "@revenprox/contract/nats-subjects";
import type { Clock, JournalBounds, Log, Random } from "../hub/ports.ts";
import { JournalUnavailable } from "../hub/ports.ts";
import type { ClockOffset } from "./clock-offset.ts";
import { createEpochStore, type EpochStore, settleEpoch } from "./epoch-record.ts";
import type { EpochRecord } from "./epoch-rules.ts";
import type { JournalPosition } from "./journal-position.ts";
import { ensureJournalStream } from "./journal-stream.ts";

export interface JournalKeeperDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly instance: string;
  readonly journal: JournalConfig;
  readonly proxyId: string;
  readonly position: JournalPosition;
  readonly offset: ClockOffset;
  /** The journal can be used (again): the stream is there and its epoch is known. */
  readonly onUsable: () => void;
  readonly onUnusable: () => void;
  readonly onEpoch: (change: { readonly epoch: number; readonly restarted: boolean }) => void;
}

interface Session {
  readonly manager: JetStreamManager;
  readonly store: EpochStore;
  /** The server is of a version that knows atomic batches. */
  readonly atomicBatches: boolean;
}

const requestTimeoutMs = 2_000;

/** Most messages that a server takes in an atomic batch. */
const largestBatch = 1_000;
const retryMs = { base: 250, cap: 10_000 } as const;

/** Since nats-server 2.12; an older one refuses the setting or forgets it. */
const knowsAtomicBatches = (version: string | undefined): boolean => {
  const [major = 0, minor = 0] = (version ?? "").split(".").map(Number);
  return major > 2 || (major === 2 && minor >= 12);
};

const reason = (fault: unknown): string => (fault instanceof Error ? fault.message : String(fault));

/** Sees to it that the journal's stream exists and that its epoch is known, over the publishing connection. */
export class JournalKeeper {
  readonly #deps: JournalKeeperDeps;
  readonly #stream: string;
  #session: Session | undefined;
  #record: EpochRecord | undefined;
  #confirmedAt = 0;
  #usable = false;
  #replicas = 1;
  #maxEventsPerTopic: number;
  #mostTogether = 0;
  #failures = 0;
  #lastFault = "";
  #checking: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #bounds: Promise<JournalBounds> | undefined;
  #cancelRetry: () => void = () => undefined;

  constructor(deps: JournalKeeperDeps) {
    this.#deps = deps;
    this.#stream = journalStream(deps.instance);
    this.#maxEventsPerTopic = deps.journal.maxEventsPerTopic;
  }

  get usable(): boolean {
    return this.#usable;
  }

  /** The limit that the stream has, whatever the configuration says. */
  get maxEventsPerTopic(): number {
    return this.#maxEventsPerTopic;
  }

  /** Most events of an atomic batch; 0 where the stream takes none. */
  get mostTogether(): number {
    return this.#mostTogether;
  }

  /** True when the stream's leader has no message of the subject from `sequence` on. Rejects with `JournalUnavailable`. */
  async hasNothing(subject: string, sequence: number): Promise<boolean> {
    // A single server answers every read, so a read that found nothing needs no second opinion.
    if (this.#replicas === 1) return true;
    const session = this.#session;
    if (session === undefined) throw new JournalUnavailable("the journal is out of reach");
    try {
      const query = { seq: sequence, next_by_subj: subject };
      return (await session.manager.streams.getMessage(this.#stream, query)) === null;
    } catch (cause) {
      throw new JournalUnavailable(`the journal's leader does not answer: ${reason(cause)}`, { cause });
    }
  }

  async connected(connection: NatsConnection): Promise<void> {
    const manager = await jetstreamManager(connection, { checkAPI: false, timeout: requestTimeoutMs });
    const store = createEpochStore({
      connection,
      manager,
      stream: this.#stream,
      subject: natsSubjects(this.#deps.instance).in(natsSubjects(this.#deps.instance).epochToken),
      writer: this.#deps.proxyId,
      timeoutMs: requestTimeoutMs,
      bounds: () => this.#readBounds(manager),
    });
    this.#session = { manager, store, atomicBatches: knowsAtomicBatches(connection.info?.version) };
    this.#failures = 0;
    await this.check();
  }

  disconnected(): void {
    this.#session = undefined;
    this.#cancelRetry();
    this.#becomeUnusable();
  }

  /**
   * Compares the stream and its epoch with what is known. Resolves after a look that began after this call,
   * whatever it found; calls made meanwhile share one.
   */
  check(): Promise<void> {
    if (this.#checking === undefined) {
      this.#checking = this.#look().finally(() => {
        this.#checking = undefined;
      });
      return this.#checking;
    }
    this.#next ??= this.#checking.then(() => {
      this.#next = undefined;
      return this.check();
    });
    return this.#next;
  }

  /** A record was told live. True when it is of the known epoch; else the journal has to be looked at. */
  heard(record: EpochRecord): boolean {
    const known = this.#record;
    if (known === undefined || record.epoch !== known.epoch || record.sequence < known.sequence) return false;
    this.#confirm(record);
    return true;
  }

  /** Writes the record anew: the heartbeat of the journal. Loses without harm against another proxy's. */
  async beat(): Promise<void> {
    const session = this.#session;
    const record = this.#record;
    if (session === undefined || record === undefined || !this.#usable) return;
    try {
      const written = await session.store.write(record, record.sequence);
      if (written.kind === "stored") this.#confirm({ ...record, sequence: written.sequence });
      else if (this.#record?.sequence === record.sequence) await this.check();
    } catch (fault) {
      this.#deps.log.debug("The journal's heartbeat could not be written", { cause: reason(fault) });
      await this.check();
    }
  }

  /** Rejects with `JournalUnavailable`. Calls of one moment share an answer that was asked for after each of them. */
  bounds(): Promise<JournalBounds> {
    this.#bounds ??= this.#askBounds();
    return this.#bounds;
  }

  async #askBounds(): Promise<JournalBounds> {
    await new Promise<void>((resolve) => this.#deps.clock.endOfTurn(resolve));
    this.#bounds = undefined;
    const session = this.#session;
    const epoch = this.#deps.position.epoch;
    if (session === undefined || epoch === undefined) throw new JournalUnavailable("the journal is out of reach");
    try {
      const bounds = await this.#readBounds(session.manager);
      if (this.#deps.position.epoch === epoch) this.#deps.position.note(bounds.lastSequence);
      return { epoch, ...bounds };
    } catch (cause) {
      throw new JournalUnavailable(`the journal's bounds cannot be read: ${reason(cause)}`, { cause });
    }
  }

  async #readBounds(manager: JetStreamManager): Promise<{ firstSequence: number; lastSequence: number }> {
    const sentAt = this.#deps.clock.now();
    const info = await manager.streams.info(this.#stream);
    this.#sampleClock(info, sentAt);
    return { firstSequence: info.state.first_seq, lastSequence: info.state.last_seq };
  }

  #sampleClock(info: StreamInfo, sentAt: number): void {
    if (info.ts !== undefined) this.#deps.offset.sample(Date.parse(info.ts), sentAt, this.#deps.clock.now());
  }

  async #look(): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    this.#cancelRetry();
    try {
      const { instance, journal, log, position, clock } = this.#deps;
      const view = { record: this.#record, confirmedAt: this.#confirmedAt, highest: position.highest };
      const info = await ensureJournalStream({ ...session, instance, journal, log });
      this.#replicas = info.config.num_replicas;
      this.#maxEventsPerTopic = info.config.max_msgs_per_subject;
      this.#mostTogether = info.config.allow_atomic === true ? largestBatch : 0;
      const settled = await settleEpoch(session.store, view, clock);
      if (this.#session === session) this.#settle(settled.record, settled.change, settled.lastSequence);
    } catch (fault) {
      if (this.#session === session) this.#failed(fault);
    }
  }

  #settle(record: EpochRecord, change: { readonly restarted: boolean | undefined } | undefined, last: number): void {
    const { position, log } = this.#deps;
    this.#record = record;
    this.#confirmedAt = this.#deps.clock.now();
    this.#failures = 0;
    this.#lastFault = "";
    if (change === undefined) position.note(last);
    else position.begin(record.epoch, change.restarted === true ? Math.max(last, record.sequence) : undefined);
    position.note(Math.max(last, record.sequence));
    if (change?.restarted !== undefined) {
      log.warn(
        change.restarted
          ? "The journal began anew; what it held is gone"
          : "The journal has a new epoch; its entries stay",
        { epoch: record.epoch },
      );
      this.#deps.onEpoch({ epoch: record.epoch, restarted: change.restarted });
    }
    if (this.#usable) return;
    this.#usable = true;
    log.info("The journal is ready", { stream: this.#stream, epoch: record.epoch });
    this.#deps.onUsable();
  }

  #failed(fault: unknown): void {
    const text = reason(fault);
    if (text !== this.#lastFault) {
      this.#deps.log.warn(
        `The journal cannot be used: ${text}. Publishes wait, then are refused, until it can; check that JetStream is enabled ` +
          "on the NATS servers and has storage, and that the user may use it.",
        { stream: this.#stream },
      );
    }
    this.#lastFault = text;
    this.#becomeUnusable();
    const wait = Math.min(retryMs.cap, retryMs.base * 2 ** this.#failures) * (0.5 + this.#deps.random() / 2);
    this.#failures = Math.min(this.#failures + 1, 10);
    this.#cancelRetry = this.#deps.clock.after(wait, () => void this.check());
  }

  #becomeUnusable(): void {
    if (!this.#usable) return;
    this.#usable = false;
    this.#deps.onUnusable();
  }

  #confirm(record: EpochRecord): void {
    if (this.#record?.epoch !== record.epoch || record.sequence < this.#record.sequence) return;
    this.#record = record;
    this.#confirmedAt = this.#deps.clock.now();
    this.#deps.position.note(record.sequence);
  }
}
