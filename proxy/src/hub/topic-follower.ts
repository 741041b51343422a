import { backOffMs } from "./back-off.ts";
import { DeliveredEvent } from "./delivered-event.ts";
import type { EventTrace, PublishedEvent, Topic, TopicId } from "./event.ts";
import { formatEventId } from "./event-id.ts";
import { FrameRing } from "./frame-ring.ts";
import { HoleFiller, type HoleOwner } from "./hole-filler.ts";
import type { MergeMember } from "./merge-buffer.ts";
import { NamedTimers } from "./named-timers.ts";
import { type EpochChange, JournalUnavailable, type LiveEvent, unstoredEpoch } from "./ports.ts";
import type { SharedByTopics } from "./shared-by-topics.ts";
import { eventFrame, gapFrames } from "./sse-frame.ts";
import { isOpen, type Stream, type StreamCounts, type StreamOwner } from "./stream.ts";
import { type OpeningOwner, StreamOpening } from "./stream-opening.ts";
import type { SweptTopic } from "./tail-sweep.ts";
import { type FeedEffect, type TailReport, TopicFeed } from "./topic-feed.ts";
import { type TopicListener, TopicListeners } from "./topic-listeners.ts";
import { TopicStreams } from "./topic-streams.ts";
import { type Subscriber, TopicSubscription } from "./topic-subscription.ts";
import type { TopicView } from "./topic-view.ts";
import { tracedDelivery } from "./traced-delivery.ts";
import type { DeliverySpan } from "./tracing.ts";

/** A replica that answered the first comparison may have been behind the leader; by then it no longer is. */
const secondLookMs = 1_000;

type Roles = SweptTopic & TopicView & StreamOwner & MergeMember & Subscriber & OpeningOwner & HoleOwner;

/**
 * Follows one topic while it has streams, and a while longer. It hands itself to the parts that serve the topic: there
 * may be very many topics, and closures for each of them take more memory than all that they are about.
 */
export class TopicFollower implements Roles {
  readonly topic: Topic;
  readonly topicId: TopicId;
  readonly ring: FrameRing;
  readonly streams: TopicStreams;
  readonly #shared: SharedByTopics;
  readonly #opening: StreamOpening;
  readonly #onIdle: (follower: TopicFollower) => void;
  readonly #feed: TopicFeed;
  readonly #listeners = new TopicListeners();
  #doubted = false;
  /** Where the journal stood when streams that still wait for their place began to count on what is published. */
  #beginAfter: number | undefined;
  #stopped = false;
  readonly #timers: NamedTimers<"linger" | "second-look">;
  readonly #subscription: TopicSubscription;
  /** Most topics never have a hole. */
  #filler: HoleFiller | undefined;

  /** `onIdle` is told when nobody has listened for the linger time. */
  constructor(shared: SharedByTopics, topic: Topic, topicId: TopicId, onIdle: (follower: TopicFollower) => void) {
    this.#shared = shared;
    this.topic = topic;
    this.topicId = topicId;
    this.#onIdle = onIdle;
    this.ring = new FrameRing(0, shared.ringLimits, { store: shared.frames });
    this.#feed = new TopicFeed(shared.feedLimits);
    this.#timers = new NamedTimers(shared.clock);
    this.#subscription = new TopicSubscription(shared, this);
    // There may be very many topics: nothing of what they share is copied for one.
    const parts = { shared, members: [this], encoding: "plain", view: this } as const;
    this.streams = new TopicStreams(parts);
    this.#opening = new StreamOpening(parts, this);
  }

  get topics(): readonly Topic[] {
    return [this.topic];
  }

  get counts(): StreamCounts {
    return this.#shared.counts;
  }

  get epoch(): number {
    return this.#shared.epoch();
  }

  get passed(): number {
    return this.#feed.passed ?? 0;
  }

  get placedTo(): number | undefined {
    return this.#feed.passed;
  }

  get opening(): boolean {
    return this.placedTo === undefined;
  }

  get behind(): boolean {
    return this.#doubted || this.#feed.behind;
  }

  get failingForMs(): number {
    const reading = this.#filler?.failing.forMs ?? 0;
    return this.#doubted || !this.#feed.compared ? Math.max(reading, this.#shared.sweep.failing.forMs) : reading;
  }

  /** Streams that get the topic's events, alone or with others. */
  get listening(): number {
    return this.streams.size + this.#listeners.streams;
  }

  start(): void {
    this.#subscription.start();
  }

  attach(listener: TopicListener): void {
    this.#timers.cancel("linger");
    this.#listeners.add(listener);
    this.audienceChanged();
  }

  detach(listener: TopicListener): void {
    this.#listeners.remove(listener);
    this.audienceChanged();
    this.#lingerIfIdle();
  }

  /** A stream has come or left, here or with a listener. */
  audienceChanged(): void {
    this.#shared.audienceChanged(this.topicId);
  }

  /** There is a sign of loss: until the topic was compared with the journal, others do not go ahead of it. */
  doubt(): void {
    if (!this.opening) this.#doubted = true;
  }

  join(stream: Stream): void {
    this.#timers.cancel("linger");
    this.streams.add(stream);
    this.audienceChanged();
    this.#opening.open(stream);
  }

  leave(stream: Stream): void {
    this.streams.remove(stream);
    this.audienceChanged();
    this.#opening.leave(stream);
    this.#lingerIfIdle();
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

  tail(report: TailReport): void {
    if (this.#stopped) return;
    const first = this.opening;
    this.#doubted = false;
    const effects = this.#feed.tail(report, this.#beginAfter);
    if (first) {
      this.#beginAfter = undefined;
      this.ring.reset(this.passed);
      this.#timers.start("second-look", secondLookMs, () => this.#shared.sweep.check(this));
    }
    this.#run(effects);
    if (first) this.#opening.placeWaiting();
  }

  nudge(sequence: number): void {
    this.#run(this.#feed.nudge(sequence));
  }

  beyond(sequence: number): void {
    this.nudge(sequence);
  }

  /** What is stored from there on is live for those who wait, however late the topic is compared with the journal. */
  greeted(sequence: number | undefined): void {
    if (this.opening) this.#beginAfter ??= sequence;
  }

  following(): void {
    this.#shared.sweep.check(this);
  }

  followFailed(fault: unknown): void {
    this.#report("Following a topic failed; it is tried again", fault);
  }

  disconnected(): void {
    this.#feed.disconnected();
    this.#filler?.failing.over();
    this.#listeners.changed();
  }

  /** Streams that waited through the outage get what is stored from now on, however long their opening still takes. */
  reconnected(): void {
    if (!this.opening) return;
    this.greeted(this.#shared.journal.known?.sequence);
    this.#subscription.hasten();
  }

  epochChanged(oldEpoch: number, { restarted, keptTo = 0 }: EpochChange): void {
    if (restarted) this.#restarted(oldEpoch, keptTo);
    else {
      this.ring.clear();
      this.streams.renamed();
    }
    this.#opening.placeWaiting();
  }

  stop(): void {
    this.#stopped = true;
    this.#timers.cancelAll();
    this.#filler?.abandon();
    this.#opening.stop();
    this.#subscription.stop();
    this.#shared.sweep.forget(this);
    this.#shared.fanOut.forget(this.streams);
    this.ring.clear();
  }

  filled(effects: readonly FeedEffect[]): void {
    this.#run(effects);
  }

  fillFailed(fault: unknown): void {
    this.#report("Filling a hole in a topic failed; it is tried again", fault);
  }

  live(event: LiveEvent): void {
    if (this.#stopped) return;
    if (!this.#feed.isDue(event)) {
      this.#run(this.#feed.live(event));
      return;
    }
    this.#listeners.changed();
    if (event.event === undefined) return;
    this.#deliver(event.sequence, event.acceptedAt, event.event);
    this.#appended();
  }

  #restarted(oldEpoch: number, keptTo: number): void {
    this.#filler?.abandon();
    if (this.opening) this.#beginAfter = Math.min(this.#beginAfter ?? keptTo, keptTo);
    this.#feed.restarted(keptTo);
    this.ring.reset(this.passed);
    this.streams.restarted(oldEpoch, keptTo);
  }

  #run(effects: readonly FeedEffect[]): void {
    this.#listeners.changed();
    if (effects.length === 0) return;
    const before = this.ring.newest;
    for (const effect of effects) this.#runOne(effect);
    if (this.ring.newest !== before) this.#appended();
  }

  #appended(): void {
    this.#shared.fanOut.announce(this.streams);
  }

  #runOne(effect: FeedEffect): void {
    switch (effect.kind) {
      case "deliver":
        this.#deliver(effect.sequence, effect.acceptedAt, effect.event);
        return;
      case "gap": {
        const { from, to } = effect;
        const id = (sequence: number) => formatEventId(this.epoch, sequence);
        const reason = this.epoch === unstoredEpoch ? "not_stored" : "expired";
        const gap = { topic: this.topic, reason } as const;
        const bytes = gapFrames([{ ...gap, from: id(from), to: id(to) }], id(to));
        this.ring.append({ kind: "gap", sequence: to, bytes });
        this.#listeners.delivered({ kind: "gap", ...gap, from, to });
        return;
      }
      case "read":
        this.#filler ??= new HoleFiller(this.#shared, this, this.#feed);
        this.#filler.read(effect.after, backOffMs(effect.attempt));
        return;
      case "ask-bounds":
        this.#filler ??= new HoleFiller(this.#shared, this, this.#feed);
        this.#filler.askBounds();
    }
  }

  #deliver(sequence: number, acceptedAt: number, event: PublishedEvent): void {
    const { topic } = this;
    const id = formatEventId(this.epoch, sequence);
    const bytes = eventFrame(id, event);
    this.ring.append({ kind: "event", sequence, bytes });
    const traced = event.trace === undefined ? undefined : this.#traced(event.trace, acceptedAt, id);
    this.streams.arrived(acceptedAt, traced);
    if (this.#listeners.isEmpty) return;
    this.#listeners.delivered(new DeliveredEvent({ topic, id, sequence, acceptedAt, event }, bytes));
  }

  #traced(trace: EventTrace, acceptedAt: number, eventId: string): DeliverySpan | undefined {
    const { topicId, listening: streams } = this;
    return tracedDelivery(this.#shared, trace, { topicId, eventId, acceptedAt, streams }, this.streams.size);
  }

  #lingerIfIdle(): void {
    if (this.streams.size > 0 || !this.#listeners.isEmpty || this.#stopped) return;
    this.#timers.start("linger", this.#shared.lingerMs, () => this.#onIdle(this));
  }

  #report(message: string, fault: unknown): void {
    if (!(fault instanceof JournalUnavailable)) this.#shared.log.error(message, { topicId: this.topicId, fault });
  }
}
