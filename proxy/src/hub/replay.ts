import { backOffMs } from "./back-off.ts";
import type { TopicId } from "./event.ts";
import { formatEventId } from "./event-id.ts";
import { FrameRing, type RingLimits, ringLimits } from "./frame-ring.ts";
import { type Clock, type Journal, type JournalPage, JournalUnavailable, type Log } from "./ports.ts";
import type { ReadGate } from "./read-gate.ts";
import { eventFrame, gapFrames } from "./sse-frame.ts";
import type { Stream } from "./stream.ts";
import type { TopicView } from "./topic-view.ts";

export interface ReplayDependencies {
  readonly journal: Journal;
  readonly topicId: TopicId;
  readonly view: TopicView;
  readonly clock: Clock;
  readonly log: Log;
  readonly gate: ReadGate;
  /** Gives the waiting streams what was read; the ring holds all of the topic's frames up to `completeTo`. */
  readonly serve: (streams: readonly Stream[], frames: FrameRing, completeTo: number) => void;
}

interface Flight {
  readonly after: number;
  readonly streams: Stream[];
  attempt: number;
}

const pageLimits: RingLimits = {
  ...ringLimits,
  maxFrames: Number.POSITIVE_INFINITY,
  maxBytes: Number.POSITIVE_INFINITY,
};

/** Reads the past of one topic for streams that are behind its ring: once for all that stand at the same place. */
export class Replay {
  readonly #dependencies: ReplayDependencies;
  #flights = new Map<number, Flight>();

  constructor(dependencies: ReplayDependencies) {
    this.#dependencies = dependencies;
  }

  join(stream: Stream): void {
    stream.reading = true;
    const under = this.#flights.get(stream.cursor);
    if (under !== undefined) {
      under.streams.push(stream);
      return;
    }
    const flight = { after: stream.cursor, streams: [stream], attempt: 0 };
    this.#flights.set(flight.after, flight);
    this.#read(flight);
  }

  leave(stream: Stream): void {
    const flight = this.#flights.get(stream.cursor);
    const index = flight?.streams.indexOf(stream) ?? -1;
    if (flight === undefined || index === -1) return;
    flight.streams.splice(index, 1);
    if (flight.streams.length === 0) this.#flights.delete(flight.after);
  }

  /** Answers that are still under way belong to sequences that are no longer valid. */
  abandon(): void {
    for (const flight of this.#flights.values()) for (const stream of flight.streams) stream.reading = false;
    this.#flights.clear();
  }

  #read(flight: Flight): void {
    const { journal, topicId, gate } = this.#dependencies;
    gate
      .run(async () => (this.#isUnderWay(flight) ? journal.read(topicId, flight.after) : undefined))
      .then(
        (page) => this.#settle(flight, page),
        (fault: unknown) => this.#failed(flight, fault),
      );
  }

  #settle(flight: Flight, page: JournalPage | undefined): void {
    if (page === undefined || !this.#isUnderWay(flight)) return;
    if (page.completeTo <= flight.after && page.events.length === 0) {
      this.#again(flight);
      return;
    }
    this.#flights.delete(flight.after);
    for (const stream of flight.streams) stream.reading = false;
    this.#dependencies.serve(flight.streams, this.#framesOf(flight.after, page), page.completeTo);
  }

  #failed(flight: Flight, fault: unknown): void {
    const { log } = this.#dependencies;
    if (!(fault instanceof JournalUnavailable))
      log.error("Reading a topic's past failed; it is tried again", { fault });
    if (this.#isUnderWay(flight)) this.#again(flight);
  }

  #again(flight: Flight): void {
    flight.attempt += 1;
    this.#dependencies.clock.after(backOffMs(flight.attempt), () => {
      if (this.#isUnderWay(flight)) this.#read(flight);
    });
  }

  #isUnderWay(flight: Flight): boolean {
    return this.#flights.get(flight.after) === flight;
  }

  #framesOf(after: number, page: JournalPage): FrameRing {
    const { view } = this.#dependencies;
    const frames = new FrameRing(after, pageLimits);
    const [first] = page.events;
    const missingTo = first === undefined ? page.completeTo : first.sequence - 1;
    if (page.missed && missingTo > after) {
      const from = formatEventId(view.epoch, after);
      const to = formatEventId(view.epoch, missingTo);
      const bytes = gapFrames({ topic: view.topic, from, to, reason: "expired" });
      frames.append({ kind: "gap", sequence: missingTo, bytes });
    }
    for (const { sequence, event } of page.events) {
      if (event === undefined || sequence <= after) continue;
      frames.append({ kind: "event", sequence, bytes: eventFrame(formatEventId(view.epoch, sequence), event) });
    }
    return frames;
  }
}
