/** How long a holder may be silent, how long it goes on without a renewal, and how often it asks; milliseconds. */
export interface ElectionTimes {
  /** After this long without a change of the Lease another one may take it. */
  readonly leaseMs: number;
  /** A leader whose last renewal began this long ago stops writing; less than `leaseMs` by the time a write may be under way. */
  readonly renewDeadlineMs: number;
  /** Pause between two attempts. */
  readonly retryMs: number;
}

/** What the Lease says; times are those of its writer's wall clock and decide nothing. */
export interface LeaseRecord {
  /** Empty: it was given up. */
  readonly holder: string;
  readonly durationMs: number;
  readonly acquired: Date;
  readonly renewed: Date;
  readonly transitions: number;
}

export interface SeenLease {
  readonly record: LeaseRecord;
  readonly version: string;
}

/** The Lease as last seen, and since when by our own monotonic clock it has not changed. */
export interface Observation {
  /** Undefined: there is none. */
  readonly lease: SeenLease | undefined;
  readonly since: number;
  /** What a Lease said that somebody deleted: its holder may write on until it notices. */
  readonly former?: LeaseRecord;
}

/** What may be done with a Lease now. */
export type Move = "create" | "take" | "renew" | "wait";

/** `since` begins anew with every change: only our own clock counts, so that clocks may differ. */
export const observe = (before: Observation | undefined, lease: SeenLease | undefined, now: number): Observation => {
  if (before !== undefined && before.lease?.version === lease?.version) return before;
  const former = lease === undefined ? before?.lease?.record : undefined;
  return { lease, since: now, ...(former === undefined ? {} : { former }) };
};

/** Pure: whether the Lease may be written, and why. */
export const moveOf = ({ lease, since, former }: Observation, identity: string, now: number): Move => {
  const last = lease?.record ?? former;
  if (last?.holder === identity && lease !== undefined) return "renew";
  const isFree = last === undefined || ["", identity].includes(last.holder) || now - since >= last.durationMs;
  if (!isFree) return "wait";
  return lease === undefined ? "create" : "take";
};

/** The record that `identity` writes over `before`. */
export const claim = (
  before: LeaseRecord | undefined,
  identity: string,
  { leaseMs, wallClock }: { readonly leaseMs: number; readonly wallClock: Date },
): LeaseRecord => {
  const isRenewal = before?.holder === identity;
  return {
    holder: identity,
    durationMs: leaseMs,
    acquired: isRenewal ? before.acquired : wallClock,
    renewed: wallClock,
    transitions: before === undefined ? 0 : before.transitions + (isRenewal ? 0 : 1),
  };
};

/** The record of a holder that leaves: anybody may take it at once. */
export const surrender = (before: LeaseRecord, wallClock: Date): LeaseRecord => ({
  ...before,
  holder: "",
  durationMs: 1_000,
  renewed: wallClock,
});
