import type { JetStreamManager } from "@nats-io/jetstream";
import { journalStream } from "@revenprox/contract/nats-subjects";
import { JournalUnavailable } from "../hub/ports.ts";
import { createTurnstile } from "./turnstile.ts";

export interface JournalLeaderDeps {
  readonly instance: string;
  /** Undefined while the journal is out of reach. */
  readonly manager: () => JetStreamManager | undefined;
  readonly onRead: () => void;
}

/** What a topic has in the journal. */
export interface TopicFacts {
  readonly events: number;
  /** Lowest sequence the journal holds, over all topics. */
  readonly firstSequence: number;
}

/** A subject's newest entry; its time is in milliseconds of the server's clock. */
export interface LastEntry {
  readonly sequence: number;
  readonly storedAt: number;
}

/** Questions that the leader of the journal's stream answers itself, where every other copy may lag. All reject with `JournalUnavailable`. */
export interface JournalLeader {
  /** The sequence of the subject's first entry from `sequence` on; undefined: there is none. */
  firstFrom(subject: string, sequence: number): Promise<number | undefined>;
  lastOf(subject: string): Promise<LastEntry | undefined>;
  facts(subject: string): Promise<TopicFacts>;
}

/** Each takes a place in the server's queue of API calls, which all its users share. */
const callsAtOnce = 8;

export const createJournalLeader = (deps: JournalLeaderDeps): JournalLeader => {
  const turnstile = createTurnstile(callsAtOnce);
  const stream = journalStream(deps.instance);

  const ask = <Answer>(question: (manager: JetStreamManager) => Promise<Answer>): Promise<Answer> =>
    turnstile(async () => {
      const manager = deps.manager();
      if (manager === undefined) throw new JournalUnavailable("the journal is out of reach");
      deps.onRead();
      try {
        return await question(manager);
      } catch (cause) {
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new JournalUnavailable(`the journal's leader does not answer: ${why}`, { cause });
      }
    });

  return {
    firstFrom: (subject, sequence) =>
      ask(async ({ streams }) => {
        const query = { seq: sequence, next_by_subj: subject };
        return (await streams.getMessage(stream, query))?.seq;
      }),
    lastOf: (subject) =>
      ask(async ({ streams }) => {
        const message = await streams.getMessage(stream, { last_by_subj: subject });
        return message === null ? undefined : { sequence: message.seq, storedAt: message.time.getTime() };
      }),
    facts: (subject) =>
      ask(async ({ streams }) => {
        const { state } = await streams.info(stream, { subjects_filter: subject });
        return { events: state.subjects?.[subject] ?? 0, firstSequence: state.first_seq };
      }),
  };
};
