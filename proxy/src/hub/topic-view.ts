import type { Topic } from "./event.ts";
import type { FrameRing } from "./frame-ring.ts";

/** What streams may know of what they listen to: one topic, or several merged. */
export interface TopicView {
  readonly topics: readonly Topic[];
  readonly ring: FrameRing;
  readonly epoch: number;
  /** Every entry of the topics up to here is in the ring, below its floor, or was told as a gap. */
  readonly passed: number;
}
