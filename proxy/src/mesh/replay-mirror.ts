import {
  DiscardPolicy,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from "@nats-io/jetstream";
import type { JournalConfig } from "@revenprox/contract/config/proxy-config";
import { journalStream, replayStream } from "@revenprox/contract/nats-subjects";
import type { Clock, Log, Random } from "../hub/ports.ts";
import { differences, existingStream } from "./stream-settings.ts";

export interface ReplayMirrorDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly instance: string;
  readonly journal: Pick<JournalConfig, "replayMirror">;
}

/** The journal that is mirrored: its stream as it is now, and its epoch. */
export interface MirroredJournal {
  readonly manager: JetStreamManager;
  readonly info: StreamInfo;
  readonly epoch: number;
}

/** Epoch of the journal whose past a mirror holds: one of another epoch names other events by the same sequences. */
const epochOf = "revenprox.epoch";
const retryMs = 30_000;
/** After an unanswered read the mirror is let alone for as long. */
const restMs = 5_000;

const reason = (fault: unknown): string => (fault instanceof Error ? fault.message : String(fault));

/**
 * Settings that a server changes in place. The mirror holds as much as the journal, for NATS lets it answer reads of
 * the journal too (`mirror_direct` is taken over from the origin): with less, it would deny entries that are there.
 * One copy is enough: while its server is away, the journal itself is read.
 */
const changeable = ({ info: { config } }: MirroredJournal) =>
  ({
    max_age: config.max_age,
    max_msgs_per_subject: config.max_msgs_per_subject,
    max_bytes: config.max_bytes,
    discard: DiscardPolicy.Old,
    num_replicas: 1,
    allow_direct: true,
    deny_delete: true,
    deny_purge: true,
  }) satisfies Partial<StreamConfig>;

/** The stream from which replays are read, so that they do not hold up the journal's live messages. */
export class ReplayMirror {
  readonly #deps: ReplayMirrorDeps;
  readonly #name: string;
  #usable = false;
  /** The mirror may answer reads of the journal, and may lag. */
  #mayAnswer = true;
  #restUntil = Number.NEGATIVE_INFINITY;
  #lastFault = "";
  /** Counts the calls of `settle`: only the newest one's findings count. */
  #turn = 0;
  #cancelRetry: () => void = () => undefined;

  constructor(deps: ReplayMirrorDeps) {
    this.#deps = deps;
    this.#name = replayStream(deps.instance);
  }

  /** It is of the known epoch, and answered when last asked. */
  get usable(): boolean {
    return this.#usable && this.#deps.clock.now() >= this.#restUntil;
  }

  /** Reads of the journal itself may be answered by a mirror. */
  get mayAnswer(): boolean {
    return this.#mayAnswer;
  }

  /** It did not answer a read. */
  rest(): void {
    this.#restUntil = this.#deps.clock.now() + restMs;
  }

  /** Nothing is known of it any more. */
  lose(): void {
    this.#turn += 1;
    this.#usable = false;
    this.#mayAnswer = true;
    this.#cancelRetry();
  }

  /**
   * Makes, changes or removes the mirror, whatever it takes; tries again later where NATS refuses.
   * Resolves when no mirror of another epoch answers any more, or when that could not be found out.
   */
  async settle(journal: MirroredJournal): Promise<void> {
    this.#cancelRetry();
    this.#turn += 1;
    const turn = this.#turn;
    try {
      const found = await this.#withoutStale(journal);
      if (this.#deps.journal.replayMirror) void this.#provide(journal, found, turn);
      else this.#settled(turn, false);
    } catch (fault) {
      this.#failed(turn, journal, fault);
    }
  }

  /** Takes its time on a cluster: nobody waits for it. */
  async #provide(journal: MirroredJournal, found: StreamInfo | undefined, turn: number): Promise<void> {
    try {
      await this.#ensure(journal, found);
      this.#settled(turn, true);
    } catch (fault) {
      this.#failed(turn, journal, fault);
    }
  }

  #settled(turn: number, exists: boolean): void {
    if (turn !== this.#turn) return;
    this.#usable = exists;
    this.#mayAnswer = exists;
    this.#lastFault = "";
  }

  /** The mirror that may stay; others are removed. */
  async #withoutStale({ manager, epoch }: MirroredJournal): Promise<StreamInfo | undefined> {
    const found = await existingStream(manager, this.#name);
    if (found === undefined) return undefined;
    const { mirror, metadata, storage } = found.config;
    const good =
      mirror?.name === journalStream(this.#deps.instance) &&
      storage === StorageType.File &&
      metadata?.[epochOf] === String(epoch);
    if (good && this.#deps.journal.replayMirror) return found;
    await manager.streams.delete(this.#name);
    this.#deps.log.info(`Removed the replay mirror ${this.#name}`, { stream: this.#name });
    return undefined;
  }

  async #ensure(journal: MirroredJournal, found: StreamInfo | undefined): Promise<void> {
    const { manager } = journal;
    const wanted = changeable(journal);
    if (found === undefined) {
      await this.#add(journal, wanted);
    } else if (differences(wanted, found.config).length > 0) {
      await manager.streams.update(this.#name, { ...found.config, ...wanted });
    }
  }

  async #add({ manager, epoch }: MirroredJournal, wanted: ReturnType<typeof changeable>): Promise<void> {
    try {
      await manager.streams.add({
        name: this.#name,
        storage: StorageType.File,
        retention: RetentionPolicy.Limits,
        mirror: { name: journalStream(this.#deps.instance) },
        metadata: { [epochOf]: String(epoch) },
        ...wanted,
      });
      this.#deps.log.info(`Made the replay mirror ${this.#name}`, { stream: this.#name });
    } catch (fault) {
      // Another proxy was faster, or the answer was lost: what counts is whether the mirror exists now.
      const found = await existingStream(manager, this.#name);
      if (found?.config.metadata?.[epochOf] !== String(epoch)) throw fault;
    }
  }

  #failed(turn: number, journal: MirroredJournal, fault: unknown): void {
    if (turn !== this.#turn) return;
    this.#usable = false;
    const text = reason(fault);
    if (text !== this.#lastFault) {
      this.#deps.log.warn(
        `There is no replay mirror: ${text}. Replays read the journal itself, a few at once. It needs as much room in JetStream ` +
          "as the journal; [journal] replay_mirror = false does without.",
        { stream: this.#name },
      );
    }
    this.#lastFault = text;
    this.#cancelRetry = this.#deps.clock.after(retryMs * (0.5 + this.#deps.random()), () => void this.settle(journal));
  }
}
