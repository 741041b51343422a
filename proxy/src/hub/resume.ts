import type { ResumeResult } from "@revenprox/contract/metric-labels";
import { parseEventId, type WrittenProof } from "./event-id.ts";
import { type Cursor, unstoredEpoch } from "./ports.ts";

/** What a stream that resumes is given of the past, in frames of events. */
export interface ResumeLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

/** Where a new stream begins. */
export type Start =
  | { readonly kind: "head" }
  | {
      readonly kind: "after";
      readonly sequence: number;
      readonly proof?: WrittenProof | undefined;
      /** Its client came without an id. */
      readonly fresh?: boolean;
    }
  /** What the client missed cannot be known: it is told so and goes on at the head. */
  | { readonly kind: "gap"; readonly from: string | null; readonly reason: Exclude<ResumeResult, "continued"> }
  /** The id, or its epoch, lies beyond what this process has heard of: the journal must say whether it exists. */
  | { readonly kind: "ask" };

/** `confirmed`: `known` is what the journal itself said after the client came. */
export const startOf = (lastEventId: string | undefined, known: Cursor, confirmed: boolean): Start => {
  if (lastEventId === undefined || lastEventId === "") return { kind: "head" };
  const parsed = parseEventId(lastEventId);
  if (parsed.kind === "invalid") return { kind: "gap", from: null, reason: "invalid" };
  if (known.epoch === unstoredEpoch) return { kind: "gap", from: lastEventId, reason: "not_stored" };
  const { epoch, sequence } = parsed.cursor;
  const { proof } = parsed;
  // Another proxy may have seen the journal begin anew before this one did; going back would tell events twice.
  if (epoch > known.epoch && !confirmed) return { kind: "ask" };
  if (epoch !== known.epoch) return { kind: "gap", from: lastEventId, reason: "reset" };
  if (sequence <= known.sequence) return { kind: "after", sequence, proof };
  return confirmed ? { kind: "gap", from: lastEventId, reason: "future" } : { kind: "ask" };
};
