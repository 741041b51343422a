import { backOffMs } from "./back-off.ts";
import { formatEventId, topicSetOf, type WrittenProof } from "./event-id.ts";
import { LateLog } from "./late-log.ts";
import type { MergeMember } from "./merge-buffer.ts";
import { NamedTimers } from "./named-timers.ts";
import { type Clock, unstoredEpoch } from "./ports.ts";
import { idFrame } from "./sse-frame.ts";
import type { Stream } from "./stream.ts";
import { maxWindowEvents, WrittenWindow } from "./written-window.ts";

/** What streams may ask of it. */
export type Settled = Pick<Settling<MergeMember>, "log" | "settledTo" | "settle" | "idOf">;

export interface SettlingParts<Member extends MergeMember> {
  readonly clock: Clock;
  readonly members: readonly Member[];
  readonly levelOf: (member: Member) => number;
  readonly epoch: () => number;
  /** Compares the topic with the journal soon. */
  readonly check: (member: Member) => void;
  /** Streams that wait until something is settled are to be visited. */
  readonly wake: () => void;
}

/** How far a merged channel's topics were compared with the journal, and what its streams were written beyond that (ADR 20). */
export class Settling<Member extends MergeMember> {
  readonly log = new LateLog();
  readonly #parts: SettlingParts<Member>;
  readonly #set: string;
  readonly #window = new WrittenWindow(maxWindowEvents);
  readonly #timers: NamedTimers<"ask">;
  #settledTo = 0;
  /** Streams wait until so much is settled: the first of them, and all. */
  #awaited: { readonly least: number; readonly most: number } | undefined;
  #asked = 0;

  constructor(parts: SettlingParts<Member>) {
    this.#parts = parts;
    this.#set = topicSetOf(parts.members.map(({ topicId }) => topicId));
    this.#timers = new NamedTimers(parts.clock);
  }

  /** Nothing up to here can come late any more. */
  get settledTo(): number {
    return this.#settledTo;
  }

  /** Sees to it that all is settled up to here soon; then streams are woken. */
  settle(upTo: number): void {
    const { least, most } = this.#awaited ?? { least: upTo, most: upTo };
    this.#awaited = { least: Math.min(least, upTo), most: Math.max(most, upTo) };
    if (this.#timers.isRunning("ask")) return;
    this.#asked = 0;
    this.#ask();
  }

  /** The id of a stream that was written what the ring's other streams were, save for what is late and pending. */
  idOf(stream: Stream): string {
    const { cursor } = stream;
    return this.#id(cursor, this.#window.proofAt(cursor, this.log.pendingFor(stream)));
  }

  /** The block behind what takes a stream to `to`: the proof is not in the frames of events, which all topics' streams share. */
  closing(to: number): Uint8Array | undefined {
    const proof = this.#window.proofAt(to);
    const id = proof === undefined ? "" : this.#id(to, proof);
    return id === "" ? undefined : idFrame(id);
  }

  wrote(sequence: number): void {
    // Where there are no ids nothing is to be proven.
    if (this.#parts.epoch() !== unstoredEpoch) this.#window.wrote(sequence);
  }

  /** The topics have gone on, and all up to `passed` was released. */
  advance(passed: number): void {
    const { members, levelOf } = this.#parts;
    this.#settledTo = Math.max(this.#settledTo, Math.min(passed, ...members.map(levelOf)));
    const isComplete = members.every((member) => member.passed >= this.#settledTo);
    if (!isComplete) this.#window.gaveUp(this.#settledTo);
  }

  /** What has become ready is written, or in the log. */
  advanced(): void {
    // What is late may be pending for some streams, and their ids must not deny it.
    if (this.log.isEmpty) this.#window.settled(this.#settledTo);
    if (this.#awaited === undefined || this.#settledTo < this.#awaited.least) return;
    this.#awaited = undefined;
    this.#timers.cancel("ask");
    this.#parts.wake();
  }

  /** Streams that go on after `sequence` have read all up to it from the journal. */
  skipped(sequence: number): void {
    this.#window.lift(sequence);
  }

  /** New streams begin after `passed`, and what was before counts no more. */
  reset(passed: number): void {
    this.#timers.cancelAll();
    this.#awaited = undefined;
    this.#settledTo = 0;
    this.log.clear();
    this.#window.reset(passed);
  }

  stop(): void {
    this.#timers.cancelAll();
  }

  #ask(): void {
    if (this.#awaited === undefined) return;
    const { members, levelOf, check } = this.#parts;
    for (const member of members) if (levelOf(member) < this.#awaited.most) check(member);
    this.#asked += 1;
    this.#timers.start("ask", backOffMs(this.#asked), () => this.#ask());
  }

  #id(sequence: number, proof: Omit<WrittenProof, "set"> | undefined): string {
    return formatEventId(this.#parts.epoch(), sequence, proof === undefined ? undefined : { ...proof, set: this.#set });
  }
}
