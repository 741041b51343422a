import type { Msg, NatsConnection } from "@nats-io/nats-core";
import { journalStream, natsSubjects, streamAdvisory } from "@revenprox/contract/nats-subjects";
import type { TopicId } from "../hub/event.ts";
import type { Clock, JournalListener, LiveEvent, Log, Random, StoredEvent } from "../hub/ports.ts";
import { parseTopicId } from "../hub/topic.ts";
import { boundedWarning } from "./bounded-log.ts";
import { parseEpochRecord } from "./epoch-record.ts";
import { Heartbeat } from "./heartbeat.ts";
import type { JournalKeeper } from "./journal-keeper.ts";
import type { JournalPosition } from "./journal-position.ts";
import { LiveSubscriptions } from "./live-subscriptions.ts";
import { parseNudge } from "./nudge.ts";
import { type JournalHeaders, rawMessage, scanHeaders } from "./raw-headers.ts";

export interface LiveFeedDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly instance: string;
  readonly heartbeatMs: number;
  readonly position: JournalPosition;
  readonly keeper: Pick<JournalKeeper, "usable" | "check" | "heard" | "beat" | "bounds">;
  readonly toStored: (headers: JournalHeaders, data: Uint8Array, expectedServerHeaders: number) => StoredEvent;
  readonly onMalformed: () => void;
  readonly listener: () => JournalListener | undefined;
  /** All connections are up and the journal is usable. */
  readonly reachable: () => boolean;
}

const auditIntervals = 6;

/**
 * What the live connection tells: events, heartbeats, nudges and leader changes.
 * It is a stream in the journal's order, so a heartbeat marks where one epoch's events end and the next one's begin.
 */
export class LiveFeed {
  readonly #deps: LiveFeedDeps;
  readonly #subscriptions: LiveSubscriptions;
  readonly #heartbeat: Heartbeat;
  readonly #warn: (fields: Readonly<Record<string, unknown>>) => void;
  #attached: NatsConnection | undefined;
  #up = false;
  /** Epoch of the last heartbeat told live. */
  #heardEpoch: number | undefined;
  #highest = 0;
  #beats = 0;
  #suspecting = false;

  constructor(deps: LiveFeedDeps) {
    const { clock, random, heartbeatMs: intervalMs } = deps;
    this.#deps = deps;
    this.#subscriptions = new LiveSubscriptions({ ...deps, onSequence: (sequence) => this.#told(sequence) });
    this.#heartbeat = new Heartbeat({
      clock,
      random,
      intervalMs,
      beat: () => void this.#beat(),
      onSilence: () => this.#resyncAfterCheck("heartbeat"),
    });
    this.#warn = boundedWarning(deps, "A message of the bus could not be handled");
  }

  connect(connection: NatsConnection): void {
    this.#up = true;
    this.#heardEpoch = this.#deps.position.epoch;
    this.#highest = 0;
    if (this.#attached !== connection) this.#attach(connection);
    this.#subscriptions.connect(connection);
    if (this.#deps.reachable()) this.#resyncAfterCheck("connected");
  }

  /** What the journal holds may not be of the known epoch. */
  get suspecting(): boolean {
    return this.#suspecting;
  }

  disconnect(): void {
    if (!this.#up) return;
    this.#up = false;
    this.#subscriptions.disconnect();
    this.#deps.listener()?.disconnected();
  }

  close(): void {
    this.#up = false;
    this.#heartbeat.stop();
    this.#subscriptions.disconnect();
  }

  usable(): void {
    this.#heartbeat.start();
    this.#highest = 0;
    this.reconnected();
  }

  /** Something that reading or listening needs came back. */
  reconnected(): void {
    if (this.#deps.reachable()) this.#deps.listener()?.resync("connected");
  }

  unusable(): void {
    this.#heartbeat.stop();
  }

  epochChanged(change: { readonly epoch: number; readonly restarted: boolean }): void {
    if (!change.restarted) return;
    this.#highest = 0;
    if (!this.#up || this.#heardEpoch === change.epoch) return;
    this.#subscriptions.mute(true);
    void this.#deps.keeper.beat();
  }

  follow(topicId: TopicId, onEvent: (event: LiveEvent) => void): Promise<{ stop(): void }> {
    return this.#subscriptions.follow(topicId, onEvent);
  }

  #attach(connection: NatsConnection): void {
    const subjects = natsSubjects(this.#deps.instance);
    const stream = journalStream(this.#deps.instance);
    this.#attached = connection;
    this.#on(connection, subjects.out(subjects.epochToken), (message) => this.#heardBeat(message));
    this.#on(connection, subjects.nudgeAll, (message) => this.#nudged(message, subjects.nudge("")));
    this.#on(connection, streamAdvisory("LEADER_ELECTED", stream), () => this.#resyncAfterCheck("leader-elected"));
    // Sequences of a stream made anew can have passed the known ones before anything else shows it.
    for (const fate of ["DELETED", "CREATED"] as const)
      this.#on(connection, streamAdvisory(fate, stream), () => this.#suspect());
  }

  /** A thrown error would close the client's reader for good. */
  #on(connection: NatsConnection, subject: string, take: (message: Msg) => void): void {
    connection.subscribe(subject, {
      callback: (fault, message) => {
        try {
          if (fault === null) take(message);
          else this.#warn({ subject, cause: fault.message });
        } catch (cause) {
          this.#warn({ subject, cause: String(cause) });
        }
      },
    });
  }

  #nudged(message: Msg, prefix: string): void {
    const topicId = parseTopicId(message.subject.slice(prefix.length));
    const sequence = parseNudge(message.string());
    if (topicId === undefined || sequence === undefined) this.#deps.onMalformed();
    else this.#deps.listener()?.nudge(topicId, sequence);
  }

  #heardBeat(message: Msg): void {
    const { sequence } = scanHeaders(rawMessage(message).headers);
    const record = parseEpochRecord(message.string(), sequence);
    this.#told(sequence);
    this.#heartbeat.heard();
    if (record === undefined) {
      this.#suspect();
      return;
    }
    this.#heardEpoch = record.epoch;
    if (this.#deps.keeper.heard(record)) this.#unmute();
    else this.#suspect();
  }

  /** Live messages come in the journal's order: a sequence that goes back is one of another journal. */
  #told(sequence: number): void {
    if (sequence < this.#highest) {
      this.#suspect();
      return;
    }
    this.#highest = sequence;
    if (!this.#subscriptions.muted) this.#deps.position.note(sequence);
  }

  /** Drops live events until it is clear to which epoch they belong; the resync afterwards fetches what was dropped. */
  #suspect(): void {
    // Whoever makes the journal usable looks at its epoch, and all is compared afterwards.
    if (!this.#deps.keeper.usable) return;
    this.#subscriptions.mute(true);
    if (this.#suspecting) return;
    this.#suspecting = true;
    void this.#deps.keeper.check().then(() => {
      this.#suspecting = false;
      this.#highest = 0;
      if (this.#heardEpoch === this.#deps.position.epoch) this.#unmute();
    });
  }

  #unmute(): void {
    if (!this.#subscriptions.muted) return;
    this.#subscriptions.mute(false);
    this.#deps.listener()?.resync("heartbeat");
  }

  #resyncAfterCheck(reason: "connected" | "leader-elected" | "heartbeat"): void {
    void this.#deps.keeper.check().then(() => {
      if (this.#deps.reachable()) this.#deps.listener()?.resync(reason);
    });
  }

  /** Every few beats the stream's bounds are read too: they show a step back where nothing is published. */
  async #beat(): Promise<void> {
    const { keeper, position, log } = this.#deps;
    this.#beats += 1;
    await keeper.beat();
    if (this.#beats % auditIntervals !== 0) return;
    const known = position.highest;
    try {
      if ((await keeper.bounds()).lastSequence < known) this.#suspect();
    } catch (fault) {
      log.debug("The journal's bounds could not be read", { cause: String(fault) });
    }
  }
}
