import type { JetStreamManager, StreamInfo } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import type { JournalConfig } from "@revenprox/contract/config/proxy-config";
import { journalStream } from "@revenprox/contract/nats-subjects";
import type { Clock, EpochChange, JournalBounds, Log, Random } from "../hub/ports.ts";
import type { ClockOffset } from "./clock-offset.ts";
import { type AdoptedEpoch, settleEpoch } from "./epoch-record.ts";
import type { EpochRecord } from "./epoch-rules.ts";
import type { JournalPosition } from "./journal-position.ts";
import { type JournalFigures, type JournalSession, openJournalSession } from "./journal-session.ts";
import { type EnsuredStream, ensureJournalStream } from "./journal-stream.ts";
import { whyUnusable } from "./journal-trouble.ts";
import type { ReplayMirror } from "./replay-mirror.ts";
import { SharedBounds } from "./shared-bounds.ts";

export interface JournalKeeperDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly instance: string;
  readonly journal: JournalConfig;
  readonly proxyId: string;
  readonly position: JournalPosition;
  readonly offset: ClockOffset;
  readonly mirror: Pick<ReplayMirror, "settle" | "lose">;
  /** The journal can be used (again): the stream is there and its epoch is known. */
  readonly onUsable: () => void;
  readonly onUnusable: () => void;
  readonly onEpoch: (change: EpochChange) => void;
}

/** Most messages that a server takes in an atomic batch. */
const largestBatch = 1_000;
const retryMs = { base: 250, cap: 10_000 } as const;

/** One heartbeat may get lost at a change of leader. */
const beatsOfDoubt = 2;

/** After a failed write nats-server keeps a stream from being written to until it is started again. */
const storesNothing =
  "The journal can be read but stores nothing: look for a full or broken disk in the NATS servers' logs, mend it, and restart them";

const reason = (fault: unknown): string => (fault instanceof Error ? fault.message : String(fault));

/** Sees to it that the journal's stream exists and that its epoch is known, over the publishing connection. */
export class JournalKeeper {
  readonly #deps: JournalKeeperDeps;
  readonly #stream: string;
  #session: JournalSession | undefined;
  #record: EpochRecord | undefined;
  #confirmedAt = 0;
  #usable = false;
  #replicas = 1;
  #maxEventsPerTopic: number;
  #mostTogether = 0;
  #failures = 0;
  /** Server time of the first sight of the stream. */
  #firstSeen: number | undefined;
  #fault: string | undefined;
  #settingsTrouble: string | undefined;
  /** Heartbeats in a row that the journal did not store, although it could be read right after. */
  #beatsRefused = 0;
  #checking: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  readonly #bounds: SharedBounds;
  #cancelRetry: () => void = () => undefined;
  #figures: JournalFigures = { bytes: 0, maxBytes: 0, messages: 0 };

  constructor(deps: JournalKeeperDeps) {
    this.#deps = deps;
    this.#stream = journalStream(deps.instance);
    this.#maxEventsPerTopic = deps.journal.maxEventsPerTopic;
    const { clock, position } = deps;
    this.#bounds = new SharedBounds({
      clock,
      position,
      session: () => this.#session,
      store: (session) => this.#store(session),
    });
  }

  get usable(): boolean {
    return this.#usable;
  }

  get figures(): JournalFigures {
    return this.#figures;
  }

  /** When the journal was last heard of, in milliseconds since 1970; 0 = never. */
  get heardAt(): number {
    return this.#confirmedAt;
  }

  /** The limit that the stream has, whatever the configuration says. */
  get maxEventsPerTopic(): number {
    return this.#maxEventsPerTopic;
  }

  /** Most events of an atomic batch; 0 where the stream takes none. */
  get mostTogether(): number {
    return this.#mostTogether;
  }

  /** Servers that hold each event. */
  get replicas(): number {
    return this.#replicas;
  }

  /** The look at the stream and its epoch that is under way; settled when it ends. */
  get looking(): Promise<void> | undefined {
    return this.#checking;
  }

  /** For questions to the stream's leader; undefined while not connected. */
  get manager(): JetStreamManager | undefined {
    return this.#session?.manager;
  }

  /** What keeps the journal from being used, or from being as configured, in words for whoever runs the system. */
  get troubles(): readonly string[] {
    const storing = this.#beatsRefused >= beatsOfDoubt ? storesNothing : undefined;
    return [this.#fault, this.#settingsTrouble, storing].filter((trouble) => trouble !== undefined);
  }

  async connected(connection: NatsConnection): Promise<void> {
    const { instance, proxyId, clock } = this.#deps;
    this.#session = await openJournalSession(connection, {
      instance,
      proxyId,
      now: () => clock.now(),
      onInfo: (info, sentAt) => {
        this.#sampleClock(info, sentAt);
        this.#note(info);
      },
    });
    this.#failures = 0;
    await this.check();
  }

  disconnected(): void {
    this.#session = undefined;
    this.#fault = undefined;
    this.#settingsTrouble = undefined;
    this.#beatsRefused = 0;
    this.#cancelRetry();
    this.#deps.mirror.lose();
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
      if (this.#session !== session || !this.#usable) return;
      this.#beatsRefused += 1;
      if (this.#beatsRefused === beatsOfDoubt) this.#deps.log.warn(storesNothing, { stream: this.#stream });
    }
  }

  /** Rejects with `JournalUnavailable`. Calls of one moment share an answer that was asked for after each of them. */
  bounds(beyond = 0): Promise<JournalBounds> {
    return this.#bounds.ask(beyond);
  }

  async #store(session: JournalSession): Promise<number> {
    const record = this.#record;
    if (record === undefined) throw new Error("the journal's epoch is not known");
    const written = await session.store.write(record, record.sequence);
    if (written.kind === "outrun") throw new Error("another proxy's heartbeat came first");
    this.#confirm({ ...record, sequence: written.sequence });
    return written.sequence;
  }

  #note({ state: { bytes, messages }, config: { max_bytes: maxBytes } }: StreamInfo): void {
    this.#figures = { bytes, messages, maxBytes: Math.max(0, maxBytes) };
  }

  #sampleClock(info: StreamInfo, sentAt: number): void {
    if (info.ts !== undefined) this.#deps.offset.sample(Date.parse(info.ts), sentAt, this.#deps.clock.now());
  }

  async #look(): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    this.#cancelRetry();
    try {
      const { position, clock, mirror } = this.#deps;
      const view = { record: this.#record, confirmedAt: this.#confirmedAt, highest: position.highest };
      const ensured = await ensureJournalStream({ ...this.#deps, ...session, firstSeen: this.#firstSeen });
      this.#saw(ensured);
      this.#note(ensured.info);
      const settled = await settleEpoch(session.store, view, clock);
      await mirror.settle({ ...session, info: ensured.info, epoch: settled.record.epoch });
      if (this.#session === session) this.#settle(settled.record, settled.change, settled.lastSequence);
    } catch (fault) {
      if (this.#session === session) this.#failed(fault);
    }
  }

  #saw({ info: { config, ts }, trouble }: EnsuredStream): void {
    this.#replicas = config.num_replicas;
    this.#maxEventsPerTopic = config.max_msgs_per_subject;
    this.#mostTogether = config.allow_atomic === true ? largestBatch : 0;
    if (ts !== undefined) this.#firstSeen ??= Date.parse(ts);
    if (trouble !== undefined && trouble !== this.#settingsTrouble)
      this.#deps.log.warn(trouble, { stream: this.#stream });
    this.#settingsTrouble = trouble;
  }

  #settle(record: EpochRecord, change: AdoptedEpoch | undefined, last: number): void {
    const { position, log } = this.#deps;
    this.#record = record;
    this.#confirmedAt = this.#deps.clock.now();
    this.#failures = 0;
    this.#fault = undefined;
    if (change === undefined) position.note(last);
    else position.begin(record.epoch, change.restarted === true ? Math.max(last, record.sequence) : undefined);
    position.note(Math.max(last, record.sequence));
    if (change?.restarted !== undefined) {
      log.warn(
        change.restarted
          ? "The journal began anew; what it held is gone, save for what an older copy has kept"
          : "The journal has a new epoch; its entries stay",
        { epoch: record.epoch },
      );
      const { epoch, keptTo } = record;
      const { restarted } = change;
      this.#deps.onEpoch({ epoch, restarted, ...(restarted && keptTo !== undefined ? { keptTo } : {}) });
    }
    if (this.#usable) return;
    this.#usable = true;
    log.info("The journal is ready", { stream: this.#stream, epoch: record.epoch });
    this.#deps.onUsable();
  }

  #failed(fault: unknown): void {
    const text = whyUnusable(fault);
    if (text !== this.#fault) {
      this.#deps.log.warn(`The journal cannot be used: ${text}. Publishes wait, then are refused, until it can.`, {
        stream: this.#stream,
      });
    }
    this.#fault = text;
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
    if (record.sequence > this.#record.sequence) this.#beatsRefused = 0;
    this.#record = record;
    this.#confirmedAt = this.#deps.clock.now();
    this.#deps.position.note(record.sequence);
  }
}
