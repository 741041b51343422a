import type { DeliveredEvent } from "./delivered-event.ts";
import type { Topic } from "./event.ts";
import { formatEventId } from "./event-id.ts";
import type { FrameEncoding } from "./frame-encoding.ts";
import { FrameRing } from "./frame-ring.ts";
import type { LateEntry } from "./late-log.ts";
import { MergeBuffer, type MergeGap, type MergeItem, type MergeLimits } from "./merge-buffer.ts";
import { NamedTimers } from "./named-timers.ts";
import type { EpochChange } from "./ports.ts";
import { Settling } from "./settling.ts";
import type { SharedByTopics } from "./shared-by-topics.ts";
import { gapFrame, gapFrames, joinFrames } from "./sse-frame.ts";
import { isOpen, type Stream, type StreamCounts, type StreamOwner } from "./stream.ts";
import { type OpeningOwner, StreamOpening } from "./stream-opening.ts";
import type { TopicFollower } from "./topic-follower.ts";
import type { TopicListener } from "./topic-listeners.ts";
import { TopicStreams } from "./topic-streams.ts";
import type { TopicView } from "./topic-view.ts";

export interface ChannelParts {
  readonly shared: SharedByTopics;
  readonly members: readonly TopicFollower[];
  readonly encoding: FrameEncoding;
  readonly limits: MergeLimits;
  /** Nobody has listened for the linger time. */
  readonly onIdle: (channel: MergedChannel) => void;
}

/**
 * Events of other topics wait for one that is behind, however long its reads stand in line, until they have failed for
 * so long: longer than it takes to notice that a connection is dead.
 */
export const giveUpAfterMs = 30_000;

/**
 * Several topics as one, in journal order: for all streams of the same set of topics and the same encoding.
 *
 * Nothing tells that a topic's newest events were lost on the way until the topic is compared with the journal. Events
 * of the other topics do not wait for that: what is found later is late, and written with the id that its client holds.
 */
export class MergedChannel implements TopicView, StreamOwner, TopicListener, OpeningOwner {
  readonly topics: readonly Topic[];
  readonly ring: FrameRing;
  readonly streams: TopicStreams;
  readonly #parts: ChannelParts;
  readonly #shared: SharedByTopics;
  readonly #buffer: MergeBuffer;
  readonly #settling: Settling<TopicFollower>;
  readonly #opening: StreamOpening;
  readonly #timers: NamedTimers<"linger" | "give-up">;
  #ready = false;
  #scheduled = false;
  #stopped = false;

  constructor(parts: ChannelParts) {
    const { shared, members, encoding, limits } = parts;
    this.#parts = parts;
    this.#shared = shared;
    this.#timers = new NamedTimers(shared.clock);
    this.topics = members.map(({ topic }) => topic);
    this.ring = new FrameRing(0, shared.ringLimits, {
      store: shared.frames,
      closing: (to) => this.#settling.closing(to),
    });
    this.#buffer = new MergeBuffer(limits);
    this.#settling = new Settling({
      clock: shared.clock,
      members,
      levelOf: (member) => this.#buffer.levelOf(member),
      epoch: shared.epoch,
      check: (member) => shared.sweep.check(member),
      wake: () => {
        this.streams.revisit();
        shared.fanOut.announce(this.streams);
      },
    });
    const streamsParts = { shared, members, encoding, view: this, settling: this.#settling };
    this.streams = new TopicStreams(streamsParts);
    this.#opening = new StreamOpening(streamsParts, this);
  }

  get size(): number {
    return this.streams.size;
  }

  get counts(): StreamCounts {
    return this.#shared.counts;
  }

  get epoch(): number {
    return this.#shared.epoch();
  }

  get passed(): number {
    return this.#buffer.passed;
  }

  get placedTo(): number | undefined {
    return this.#ready ? this.passed : undefined;
  }

  beyond(): void {
    for (const member of this.#parts.members) this.#shared.sweep.check(member);
  }

  start(): void {
    for (const member of this.#parts.members) member.attach(this);
    this.#settle();
  }

  join(stream: Stream): void {
    this.#timers.cancel("linger");
    this.streams.add(stream);
    for (const member of this.#parts.members) member.audienceChanged();
    this.#opening.open(stream);
  }

  leave(stream: Stream): void {
    this.streams.remove(stream);
    for (const member of this.#parts.members) member.audienceChanged();
    this.#opening.leave(stream);
    if (this.streams.size > 0 || this.#stopped) return;
    this.#timers.start("linger", this.#shared.lingerMs, () => this.#parts.onIdle(this));
  }

  writable(stream: Stream): void {
    if (stream.state !== "connecting" && isOpen(stream)) this.streams.pump.pump(stream);
  }

  closed(stream: Stream): void {
    this.leave(stream);
    this.#shared.onClosed(stream);
  }

  keepalive(stream: Stream): void {
    this.streams.pump.keepalive(stream);
  }

  delivered(item: MergeItem): void {
    if (this.#ready) this.#buffer.add(item);
    this.changed();
  }

  changed(): void {
    if (this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    this.#shared.clock.endOfTurn(() => {
      this.#scheduled = false;
      this.#settle();
    });
  }

  /** To be called when the topics know of it. */
  epochChanged(oldEpoch: number, { restarted, keptTo = 0 }: EpochChange): void {
    if (restarted) {
      this.#timers.cancel("give-up");
      this.#buffer.restarted(keptTo);
      this.#settling.reset(this.passed);
      this.ring.reset(this.passed);
      this.streams.restarted(oldEpoch, keptTo);
    } else {
      // What waits is encoded with ids of the old epoch.
      this.#buffer.letGo();
      this.ring.clear();
      this.streams.renamed();
    }
    this.#opening.placeWaiting();
    this.changed();
  }

  stop(): void {
    this.#stopped = true;
    this.#timers.cancelAll();
    this.#settling.stop();
    for (const member of this.#parts.members) member.detach(this);
    this.#opening.stop();
    this.#shared.fanOut.forget(this.streams);
    this.ring.clear();
  }

  #settle(): void {
    if (this.#stopped) return;
    if (this.#ready) this.#goOn();
    else this.#begin();
  }

  /** New streams begin behind the newest that any of the topics has reached: nothing older is owed to them. */
  #begin(): void {
    const { members } = this.#parts;
    if (members.some(({ opening }) => opening)) return;
    this.#ready = true;
    this.#buffer.reset(Math.max(...members.map(({ passed }) => passed)));
    this.#settling.reset(this.passed);
    this.ring.reset(this.passed);
    this.#opening.placeWaiting();
  }

  #goOn(): void {
    const reached = this.passed;
    if (this.#buffer.isWaiting && !this.#timers.isRunning("give-up")) this.#giveUp();
    const { late, skippedTo, inOrder, dropped } = this.#buffer.settle(this.#parts.members);
    this.#settling.advance(this.passed);
    if (dropped > 0) this.#shared.metrics.dropped(dropped);
    if (late.length > 0) this.#takeLate(late, reached);
    if (skippedTo !== undefined) this.ring.reset(skippedTo);
    this.#settling.skipped(skippedTo ?? 0);
    this.#append(inOrder);
    this.#forgetLate();
    this.#settling.advanced();
    if (late.length === 0 && skippedTo === undefined && inOrder.length === 0) return;
    this.#shared.fanOut.announce(this.streams);
  }

  #append(items: readonly MergeItem[]): void {
    const { encoding } = this.#parts;
    let gaps: MergeGap[] = [];
    for (const item of items) {
      if (item.kind === "gap") {
        gaps.push(item);
        continue;
      }
      const { sequence } = item;
      const end = Math.max(sequence, ...gaps.map(({ to }) => to));
      if (gaps.length > 0) this.ring.append({ kind: "gap", sequence, end, bytes: this.#gapBytes(gaps) });
      gaps = [];
      this.ring.append({ kind: "event", sequence, bytes: item.frame(encoding) });
      this.#settling.wrote(sequence);
      this.streams.arrived(item.parts.acceptedAt);
    }
    if (gaps.length === 0) return;
    const sequence = this.passed;
    const bytes = gapFrames(gaps.map(this.#gapOf), this.#id(sequence));
    this.ring.append({ kind: "gap", sequence, bytes });
  }

  #takeLate(items: readonly MergeItem[], reached: number): void {
    // Who is behind reads it in its order from the journal.
    const entries = items.map((item) => (item.kind === "gap" ? this.#lateGap(item) : this.#lateEvent(item)));
    this.ring.reset(reached);
    this.streams.revisit();
    for (const entry of entries) {
      this.#settling.log.add(entry);
      if (entry.kind === "event") this.#settling.wrote(entry.sequence);
    }
    const events = items.filter(({ kind }) => kind === "event").length;
    if (events > 0) this.#shared.metrics.foundLate(events);
  }

  #lateEvent(event: DeliveredEvent): LateEntry {
    const { sequence, size } = event;
    const bytes = (place: string) => event.frameAt(this.#parts.encoding, place);
    return { kind: "event", sequence, end: sequence, size, bytes };
  }

  #lateGap(gap: MergeGap): LateEntry {
    const bytes = this.#gapBytes([gap]);
    return { kind: "gap", sequence: gap.from + 1, end: gap.to, size: bytes.length, bytes: () => bytes };
  }

  #forgetLate(): void {
    const { log } = this.#settling;
    if (!log.isEmpty && this.streams.every(({ late }) => late === undefined || log.hasLookedAtAll(late))) log.clear();
  }

  #giveUp(): void {
    // Without a journal nothing new comes that would have to wait.
    if (!this.#shared.journal.connected) return;
    const { members } = this.#parts;
    const unreadable = members.filter(({ behind, failingForMs }) => behind && failingForMs >= giveUpAfterMs);
    if (unreadable.length === 0) return;
    this.#buffer.giveUp(unreadable);
    // What comes next waits again, so that there is not a gap for every event.
    this.#timers.start("give-up", giveUpAfterMs, () => this.#settle());
  }

  #gapBytes(gaps: readonly MergeGap[]): Uint8Array {
    return joinFrames(gaps.map((gap) => gapFrame(this.#gapOf(gap))));
  }

  readonly #gapOf = ({ topic, from, to, reason }: MergeGap) => ({
    topic,
    from: this.#id(from),
    to: this.#id(to),
    reason,
  });

  #id(sequence: number): string {
    return formatEventId(this.epoch, sequence);
  }
}
