import type { MoveReason } from "@revenprox/contract/metric-labels";
import { type Drain, jitteredRetry, runDrain } from "./drain.ts";
import type { HubSettings } from "./hub-settings.ts";
import { KeepaliveWheel } from "./keepalive-wheel.ts";
import type { Clock, EventSink, HubMetrics, Random } from "./ports.ts";
import { type Shed, Shedding } from "./shed.ts";
import { errorFrame, joinFrames, retryFrame } from "./sse-frame.ts";
import { enterState, isOpen, noStreams, Stream, type StreamOwner, type Wish } from "./stream.ts";

export interface OpenStreamsDependencies {
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: HubMetrics;
  readonly settings: () => HubSettings;
}

/** Streams that went, or go, to other proxies. */
export interface StreamMoves {
  /** Ended since the start, at shutdown or shed. */
  readonly moved: number;
  /** Of those to be shed, how many are still to end. */
  readonly shedding: number;
}

/** Part of their longest age by which streams differ, so that those of one moment do not all come back in one. */
const ageJitter = 0.1;

/** All streams of a hub, whatever they listen to: counts them, has them kept alive, and ends them. */
export class OpenStreams {
  readonly counts = noStreams();
  readonly #dependencies: OpenStreamsDependencies;
  readonly #wheel: KeepaliveWheel;
  readonly #shedding: Shedding;
  #moved = 0;

  constructor(dependencies: OpenStreamsDependencies) {
    this.#dependencies = dependencies;
    const { clock, settings } = dependencies;
    const intervalSec = () => settings().keepaliveIntervalSec;
    this.#wheel = new KeepaliveWheel(clock, intervalSec, (stream) => this.#visit(stream));
    this.#shedding = new Shedding({
      clock,
      open: () => this.#wheel.size,
      end: (count) => this.#sendElsewhere(count, "shed"),
    });
  }

  get size(): number {
    return this.#wheel.size;
  }

  /** Streams that were ended so that their clients go elsewhere, and those that are still to be shed. */
  get moves(): StreamMoves {
    return { moved: this.#moved, shedding: this.#shedding.left };
  }

  add(owner: StreamOwner, sink: EventSink, wish: Wish): Stream {
    const { clock, random, metrics } = this.#dependencies;
    const stream = new Stream(owner, sink, clock.now(), wish);
    stream.lifespan = 1 - ageJitter + 2 * ageJitter * random();
    this.#wheel.add(stream);
    metrics.streamOpened();
    return stream;
  }

  /** So many bytes were given to the stream's sink. */
  wrote(stream: Stream, bytes: number): void {
    stream.wroteAt = this.#wheel.turn;
    this.#dependencies.metrics.sent(0, bytes);
  }

  /** The stream cannot go on. True: it has been written to, so it was told and is now closing; else it is gone. */
  fail(stream: Stream): boolean {
    if (stream.greeted) this.#end(stream, joinFrames([this.#farewell(), errorFrame("internal_error")]));
    else {
      stream.owner.leave(stream);
      this.closed(stream);
    }
    return stream.greeted;
  }

  closed(stream: Stream): void {
    const stalled = isOpen(stream) && stream.blocked;
    if (isOpen(stream)) this.#wheel.remove(stream);
    enterState(stream, "closed");
    const { clock, metrics } = this.#dependencies;
    metrics.streamClosed(Math.max(0, clock.now() - stream.openedAt) / 1_000, stalled);
  }

  /** Ends a part of the streams at a pace; returns how many. */
  shed(shed: Shed): number {
    return this.#shedding.begin(shed);
  }

  drain({ withinMs, ratePerSec }: Drain): Promise<void> {
    this.#shedding.stop();
    return runDrain({
      clock: this.#dependencies.clock,
      withinMs,
      ratePerSec,
      open: () => this.#wheel.size,
      closing: () => this.counts.closing,
      end: (count) => this.#sendElsewhere(count, "drain"),
    });
  }

  /** Ends all of them without a word. */
  stop(): void {
    this.#shedding.stop();
    for (const stream of this.#wheel.pick(this.#wheel.size)) this.#end(stream, undefined);
    this.#wheel.stop();
  }

  #visit(stream: Stream): void {
    const { clock, settings } = this.#dependencies;
    const { maxAgeSec } = settings();
    const old = maxAgeSec !== undefined && clock.now() - stream.openedAt >= maxAgeSec * 1_000 * stream.lifespan;
    if (old) this.#end(stream, this.#farewell());
    else if (!this.#wheel.postpone(stream)) stream.owner.keepalive(stream);
  }

  #sendElsewhere(count: number, reason: MoveReason): void {
    const streams = this.#wheel.pick(count);
    if (streams.length === 0) return;
    for (const stream of streams) this.#end(stream, this.#farewell());
    this.#moved += streams.length;
    this.#dependencies.metrics.moved(streams.length, reason);
  }

  #farewell(): Uint8Array {
    const { random, settings } = this.#dependencies;
    return retryFrame(jitteredRetry(settings().retryMs, random));
  }

  #end(stream: Stream, frames: Uint8Array | undefined): void {
    this.#wheel.remove(stream);
    stream.owner.leave(stream);
    enterState(stream, "closing");
    if (frames !== undefined) this.wrote(stream, frames.length);
    stream.sink.end(frames);
  }
}
