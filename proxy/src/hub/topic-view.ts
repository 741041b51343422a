import type { Topic } from "./event.ts";
import type { FrameRing } from "./frame-ring.ts";

/** What a topic's streams may know of the topic. */
export interface TopicView {
  readonly topic: Topic;
  readonly ring: FrameRing;
  readonly epoch: number;
  /** Every entry of the topic up to here is in the ring, below its floor, or was told as a gap. */
  readonly passed: number;
}
