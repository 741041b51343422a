import type { Backpressure } from "./backpressure.ts";
import type { ResumeLimits } from "./resume.ts";

/** Settings that may change while the hub runs; asked each time they are needed. */
export interface HubSettings {
  readonly maxConnections: number;
  readonly keepaliveIntervalSec: number;
  /** Base of every `retry:` that a stream is told, in milliseconds. */
  readonly retryMs: number;
  /** Absent: streams that are behind go on from the journal for as long as it holds their place. */
  readonly backpressure?: Backpressure | undefined;
  /** Topics followed at once. Absent: no limit. */
  readonly maxTopics?: number | undefined;
  /** Reads of the journal under way at once for streams that are behind. Absent: 8. */
  readonly replaysAtOnce?: number | undefined;
  /** What a stream that resumes is given of the past, give or take a page, before it is told a gap and goes on with the newest. Absent: all there is. */
  readonly resumeLimits?: ResumeLimits | undefined;
  /** Milliseconds in which a socket gets one write of all that came. Absent: a turn of the event loop. */
  readonly batchWindowMs?: number | undefined;
  /** Seconds after which a stream is ended, give or take a tenth. Absent: never. */
  readonly maxAgeSec?: number | undefined;
}

const noBackpressure: Backpressure = { policy: "block", maxEvents: Number.POSITIVE_INFINITY };
const noResumeLimits: ResumeLimits = { maxEvents: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY };
/** Reads of the journal for streams that are behind: more at once would hold up live events. */
const fewReplays = 8;

/** What of the settings may be absent, asked each time it is needed. */
export const optionalSettings = (settings: () => HubSettings) => ({
  retryMs: () => settings().retryMs,
  backpressure: () => settings().backpressure ?? noBackpressure,
  resumeLimits: () => settings().resumeLimits ?? noResumeLimits,
  replaysAtOnce: () => settings().replaysAtOnce ?? fewReplays,
});
