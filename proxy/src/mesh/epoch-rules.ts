/** The journal's epoch record: the newest message on the epoch subject. */
export interface EpochRecord {
  readonly epoch: number;
  /** The stream's last sequence when the epoch began: 0 in a new stream. */
  readonly after: number;
  /** Of a journal that was restored from an older copy: its entries up to here have had their sequences before. */
  readonly keptTo?: number;
  readonly sequence: number;
}

/** What this process knew before it looked. */
export interface EpochView {
  readonly record: EpochRecord | undefined;
  /** When the record was last seen in the journal or told live, in milliseconds. */
  readonly confirmedAt: number;
  /** Highest sequence known to be stored. */
  readonly highest: number;
}

/** What is in the journal; the bounds were read after the record. */
export interface JournalFacts {
  readonly record: EpochRecord | undefined;
  /** Last sequence on the epoch subject, be it a readable record or not; 0 when there is none. */
  readonly subjectSequence: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
}

export type EpochDecision =
  | { readonly kind: "keep"; readonly record: EpochRecord }
  /** Another epoch than the known one is in force; undefined `restarted`: none was known before. */
  | { readonly kind: "adopt"; readonly record: EpochRecord; readonly restarted: boolean | undefined }
  /** Write a record if the subject's last sequence still is `expected`, then look again. */
  | {
      readonly kind: "write";
      readonly epoch: number;
      readonly after: number;
      readonly keptTo?: number;
      readonly expected: number;
    };

/** Longer without the record, and nobody can vouch for what happened to the stream meanwhile. */
const vouchMs = 60_000;

/** Epochs are the milliseconds at which they began, and never go back. */
const newEpoch = (view: EpochView, now: number, found = 0): number =>
  Math.max(now, (view.record?.epoch ?? 0) + 1, found + 1);

/** True when sequences in the journal lie below what this process has proof of: another or an older stream. */
export const wentBack = (view: EpochView, facts: JournalFacts): boolean =>
  view.record !== undefined && facts.lastSequence < view.highest;

/** Decides what the journal is: the known one, another one, or one that nobody has named yet. */
export const decideEpoch = (view: EpochView, facts: JournalFacts, now: number): EpochDecision => {
  const { record } = facts;
  if (record === undefined) return nameless(view, facts, now);
  if (view.record === undefined) return { kind: "adopt", record, restarted: undefined };
  const older = record.epoch < view.record.epoch;
  if (older || (record.epoch === view.record.epoch && wentBack(view, facts))) {
    // An older copy was restored: ids of the time between name entries that no longer exist.
    const keptTo = older ? sharedTo(view.record, facts) : facts.lastSequence;
    const epoch = newEpoch(view, now, record.epoch);
    return { kind: "write", epoch, after: 0, keptTo, expected: facts.subjectSequence };
  }
  if (record.epoch === view.record.epoch) return { kind: "keep", record };
  return { kind: "adopt", record, restarted: wentBack(view, facts) || record.after < view.record.sequence };
};

/** How far a copy of an older epoch can have the entries that the known epoch took over from those before it. */
const sharedTo = ({ after, keptTo = after }: EpochRecord, { lastSequence }: JournalFacts): number =>
  Math.min(keptTo, lastSequence);

const nameless = (view: EpochView, facts: JournalFacts, now: number): EpochDecision => {
  const known = view.record;
  const goesOn = known !== undefined && facts.lastSequence >= view.highest && facts.firstSequence > known.sequence;
  if (goesOn && now - view.confirmedAt < vouchMs) {
    // A full journal pushed the record out moments ago; it is the same journal still.
    return { kind: "write", epoch: known.epoch, after: known.after, expected: facts.subjectSequence };
  }
  const after = known === undefined || goesOn ? facts.lastSequence : 0;
  return { kind: "write", epoch: newEpoch(view, now), after, expected: facts.subjectSequence };
};
