import { type RingLimits, ringLimits } from "./frame-ring.ts";
import { defaultRingBudgetBytes } from "./frame-store.ts";
import { type MergeLimits, mergeLimits } from "./merge-buffer.ts";
import { type PageLimits, pageLimits } from "./shared-pages.ts";
import { type FeedLimits, feedLimits } from "./topic-feed.ts";

/** What the hub holds at most; small values make tests strict. */
export interface HubBounds {
  readonly ring: RingLimits;
  readonly feed: FeedLimits;
  readonly merge: MergeLimits;
  readonly ringBudgetBytes: number;
  readonly streamsPerTurn: number;
  readonly pages: PageLimits;
}

export const hubBounds: HubBounds = {
  ring: ringLimits,
  feed: feedLimits,
  merge: mergeLimits,
  ringBudgetBytes: defaultRingBudgetBytes,
  streamsPerTurn: 1_000,
  pages: pageLimits,
};
