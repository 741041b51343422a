import { backOffMs } from "./back-off.ts";
import type { FrameRing } from "./frame-ring.ts";
import { createPastReader, type Past, type PastDependencies, type TopicStarts } from "./past.ts";
import type { Log } from "./ports.ts";
import type { Stream } from "./stream.ts";
import type { TopicView } from "./topic-view.ts";

export interface ReplayDependencies extends PastDependencies {
  readonly view: TopicView;
  readonly log: Log;
  /** Gives the waiting streams what was read after `after`; the ring holds all of the topics' frames up to `completeTo`. */
  readonly serve: (streams: readonly Stream[], past: ServedPast) => void;
}

export interface ServedPast {
  readonly after: number;
  readonly frames: FrameRing;
  readonly completeTo: number;
}

interface Flight {
  readonly key: Stream | number;
  readonly after: number;
  readonly starts: TopicStarts | undefined;
  readonly streams: Stream[];
  attempt: number;
}

/** Streams at the same place share a flight, unless they want less of a topic than what lies after the place. */
const keyOf = (stream: Stream): Flight["key"] => (stream.starts === undefined ? stream.cursor : stream);

/** Reads the past for streams that are behind the ring: once for all that stand at the same place. */
export class Replay {
  readonly #dependencies: ReplayDependencies;
  readonly #read: ReturnType<typeof createPastReader>;
  #flights = new Map<Flight["key"], Flight>();

  constructor(dependencies: ReplayDependencies) {
    this.#dependencies = dependencies;
    this.#read = createPastReader(dependencies);
  }

  join(stream: Stream): void {
    stream.reading = true;
    const key = keyOf(stream);
    const under = this.#flights.get(key);
    if (under !== undefined) {
      under.streams.push(stream);
      return;
    }
    const flight = { key, after: stream.cursor, starts: stream.starts, streams: [stream], attempt: 0 };
    this.#flights.set(key, flight);
    this.#start(flight);
  }

  leave(stream: Stream): void {
    const flight = this.#flights.get(keyOf(stream));
    const index = flight?.streams.indexOf(stream) ?? -1;
    if (flight === undefined || index === -1) return;
    flight.streams.splice(index, 1);
    if (flight.streams.length === 0) this.#flights.delete(flight.key);
  }

  /** Answers that are still under way belong to sequences that are no longer valid. */
  abandon(): void {
    for (const flight of this.#flights.values()) for (const stream of flight.streams) stream.reading = false;
    this.#flights.clear();
  }

  #start(flight: Flight): void {
    this.#read(flight.after, flight.starts, () => this.#isUnderWay(flight)).then(
      (past) => this.#settle(flight, past),
      (fault: unknown) => this.#failed(flight, fault),
    );
  }

  #settle(flight: Flight, past: Past | undefined): void {
    if (past === undefined || !this.#isUnderWay(flight)) return;
    const { after, streams } = flight;
    this.#flights.delete(flight.key);
    for (const stream of streams) stream.reading = false;
    const { serve, view } = this.#dependencies;
    serve(streams, { after, frames: past.frames(view.epoch), completeTo: past.completeTo });
  }

  #failed(flight: Flight, fault: unknown): void {
    const { clock, log } = this.#dependencies;
    log.error("Reading a topic's past failed; it is tried again", { fault });
    if (!this.#isUnderWay(flight)) return;
    flight.attempt += 1;
    clock.after(backOffMs(flight.attempt), () => {
      if (this.#isUnderWay(flight)) this.#start(flight);
    });
  }

  #isUnderWay(flight: Flight): boolean {
    return this.#flights.get(flight.key) === flight;
  }
}
