/** Ways in which a run breaks its promise. */
export const offenceKinds = {
  lost: "Events that a client was due and never got, nor was told of",
  doubled: "Events that a client got twice",
  disordered: "Events that came after a later one of their topic",
  "unsafe-id": "Ids that passed over an event of a one-topic stream that had not been written",
  "wrong-id": "Events of one-topic streams under another id than their place in the journal",
  phantom: "Events that are not in the journal, or of a topic that was not asked for",
  altered: "Events whose data has another length than in the journal",
  "false-gap": "Gaps that the bounds did not force",
  "wide-gap": "Events inside a forced gap that the journal still held",
  "broken-stream": "Streams that broke the rules of HTTP or of event streams",
  unserved: "Clients that no stream was ever opened for",
  "accepted-missing": "Publishes answered with 202 that are not in the journal under that id",
  refused: "Publishes refused for good",
  "stored-twice": "Publishes that are in the journal twice",
} as const;

export type OffenceKind = keyof typeof offenceKinds;

export interface Offence {
  readonly kind: OffenceKind;
  readonly client: number | undefined;
  readonly text: string;
  /** The client's record up to it, newest last. */
  readonly context: readonly string[];
}

export interface Offences {
  add(offence: Offence): void;
  count(kind: OffenceKind): number;
  readonly total: number;
  /** The first ones of each kind. */
  readonly first: readonly Offence[];
}

const keptOfEachKind = 10;

export const createOffences = (): Offences => {
  const counts = new Map<OffenceKind, number>();
  const first: Offence[] = [];
  let total = 0;
  return {
    add: (offence) => {
      const count = (counts.get(offence.kind) ?? 0) + 1;
      counts.set(offence.kind, count);
      total += 1;
      if (count <= keptOfEachKind) first.push(offence);
    },
    count: (kind) => counts.get(kind) ?? 0,
    get total() {
      return total;
    },
    first,
  };
};
