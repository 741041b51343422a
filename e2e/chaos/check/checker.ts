import { ClientCheck, type ClientTally } from "./client-check.ts";
import { createOffences, type Offences } from "./offences.ts";
import { type Publication, parseObservation, parsePublication } from "./record.ts";
import type { Truth } from "./truth.ts";

export interface Verdict extends ClientTally {
  readonly clients: number;
  readonly accepted: number;
  /** Publishes whose fate their publisher was not told. */
  readonly unknown: number;
  readonly offences: Offences;
}

export interface Checker {
  /** A line of a client's record; lines of one client come in their order. */
  observe(line: string): void;
  /** A line of the publishers' record. */
  publication(line: string): void;
  finish(): Verdict;
}

/** Compares what clients and publishers wrote down with what the journal holds. */
export const createChecker = (truth: Truth): Checker => {
  const offences = createOffences();
  const tally: ClientTally = { delivered: 0, forcedGaps: 0, expired: 0, known: 0, late: 0, resumes: 0 };
  const clients = new Map<number, ClientCheck>();
  const outcomes = { accepted: 0, unknown: 0, refused: 0 };
  return {
    observe: (line) => {
      const seen = parseObservation(line);
      const { client } = seen;
      if (seen.kind === "client") {
        clients.set(client, new ClientCheck({ ...seen, truth, tally, offend: (offence) => offences.add(offence) }));
        return;
      }
      const check = clients.get(client);
      if (check === undefined) throw new Error(`the record speaks of client ${client} before it names its topics`);
      check.observe(seen);
    },
    publication: (line) => {
      const publication = parsePublication(line);
      outcomes[publication.outcome] += 1;
      const fault = publicationFault(publication, truth);
      if (fault !== undefined) offences.add({ ...fault, client: undefined, context: [line] });
    },
    finish: () => {
      for (const key of truth.storedTwice)
        offences.add({ kind: "stored-twice", client: undefined, text: `event ${key}`, context: [] });
      for (const check of clients.values()) check.finish();
      return { ...tally, clients: clients.size, accepted: outcomes.accepted, unknown: outcomes.unknown, offences };
    },
  };
};

const publicationFault = (publication: Publication, truth: Truth) => {
  const { key, topic, outcome, sequence, note } = publication;
  if (outcome === "refused") return { kind: "refused", text: `event ${key}: ${note}` } as const;
  if (outcome === "unknown") return undefined;
  const stored = truth.find(key);
  if (stored?.topic === topic && stored.sequence === sequence) return undefined;
  const found = stored === undefined ? "is not in the journal" : `is in the journal at ${stored.sequence}`;
  return { kind: "accepted-missing", text: `event ${key} was accepted as ${sequence} and ${found}` } as const;
};
