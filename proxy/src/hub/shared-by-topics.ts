import type { Backpressure } from "./backpressure.ts";
import type { BoundsQuestion } from "./bounds-question.ts";
import type { TopicId } from "./event.ts";
import type { FanOut } from "./fan-out.ts";
import type { RingLimits } from "./frame-ring.ts";
import type { FrameStore } from "./frame-store.ts";
import type { PlaceFrames } from "./place-frames.ts";
import type { Clock, HubMetrics, Journal, Log } from "./ports.ts";
import type { ReadGate } from "./read-gate.ts";
import type { ResumeLimits } from "./resume.ts";
import type { SharedPages } from "./shared-pages.ts";
import type { Stream, StreamCounts } from "./stream.ts";
import type { TailSweep } from "./tail-sweep.ts";
import type { FeedLimits } from "./topic-feed.ts";
import type { DeliveryTracing } from "./tracing.ts";

/** What all followed topics of a hub share. */
export interface SharedByTopics {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: HubMetrics;
  readonly fanOut: FanOut;
  readonly sweep: TailSweep;
  /** Of all rings. */
  readonly frames: FrameStore;
  readonly placeFrames: PlaceFrames;
  readonly pages: SharedPages;
  readonly fillGate: ReadGate;
  readonly bounds: BoundsQuestion;
  /** Topics that begin to be followed. */
  readonly followGate: ReadGate;
  readonly epoch: () => number;
  readonly retryMs: () => number;
  readonly backpressure: () => Backpressure;
  readonly resumeLimits: () => ResumeLimits;
  readonly lingerMs: number;
  readonly counts: StreamCounts;
  readonly ringLimits: RingLimits;
  readonly feedLimits: FeedLimits;
  /** So many bytes were given to the stream's sink. */
  readonly wrote: (stream: Stream, bytes: number) => void;
  readonly onClosed: (stream: Stream) => void;
  readonly audienceChanged: (topicId: TopicId) => void;
  readonly tracing?: DeliveryTracing | undefined;
}
