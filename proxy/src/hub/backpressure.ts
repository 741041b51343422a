import type { Backlog } from "./backlog.ts";

/** What is done with a stream that is too far behind; `block` does nothing. */
export interface Backpressure {
  readonly policy: "block" | "drop_oldest" | "drop_newest";
  /** Events a stream may be behind. */
  readonly maxEvents: number;
}

/** Events up to `to` are still written; those after them are dropped until that is done. */
export interface Keep {
  readonly to: number;
  /** Number of the event at `to` in its topic's backlog. */
  readonly number: number;
}

export type Relief =
  /** The stream goes on after `to`; `dropped` events before it are told as a gap. */
  | { readonly kind: "skip"; readonly to: number; readonly dropped: number }
  | { readonly kind: "keep"; readonly keep: Keep };

/** What becomes of a stream at `cursor`; undefined when it is not too far behind. */
export const reliefFor = (
  { policy, maxEvents }: Backpressure,
  backlog: Backlog,
  cursor: number,
): Relief | undefined => {
  if (policy === "block") return undefined;
  const oldestAllowed = backlog.sequenceOf(backlog.count - maxEvents);
  if (oldestAllowed === undefined || cursor >= oldestAllowed) return undefined;
  const passed = backlog.countAt(cursor);
  if (policy === "drop_oldest") return { kind: "skip", to: oldestAllowed, dropped: backlog.count - maxEvents - passed };
  const to = backlog.sequenceOf(passed + maxEvents);
  return to === undefined ? undefined : { kind: "keep", keep: { to, number: passed + maxEvents } };
};
