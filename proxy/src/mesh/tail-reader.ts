import { natsSubjects } from "@revenprox/contract/nats-subjects";
import type { TopicId } from "../hub/event.ts";
import { JournalUnavailable, type Tails } from "../hub/ports.ts";
import type { DirectGet } from "./direct-get.ts";
import type { JournalPosition } from "./journal-position.ts";
import { createTailMemory } from "./tail-memory.ts";
import { createTurnstile } from "./turnstile.ts";

export interface TailReaderDeps {
  readonly direct: Pick<DirectGet, "get">;
  readonly instance: string;
  readonly position: JournalPosition;
}

/** The server answers for 1,024 subjects at most; the epoch record is asked for besides. */
const topicsAtOnce = 1_000;
const callBytes = 1_048_576;
const callsAtOnce = 2;
const leastMs = 2_000;
const tries = 3;

/** Last sequences of topics by `multi_last`. It sends whole messages, so only what is new since the last look is asked for. */
export const createTailReader = (deps: TailReaderDeps) => {
  const turnstile = createTurnstile(callsAtOnce);
  const subjects = natsSubjects(deps.instance);
  const epochSubject = subjects.in(subjects.epochToken);
  const memory = createTailMemory();

  const readSome = async (topicIds: readonly TopicId[], since: number, epoch: number): Promise<number> => {
    const bySubject = new Map(topicIds.map((id) => [subjects.in(id), id]));
    // The epoch record is always there, so the answer is never "nothing", which would not say how far it looked.
    const request = {
      multi_last: [...bySubject.keys(), epochSubject],
      batch: bySubject.size + 1,
      max_bytes: callBytes,
    };
    const found = new Map<TopicId, number>();
    let upTo = 0;
    for (let from = since + 1, more = true; more; ) {
      const page = { ...request, seq: from, ...(upTo === 0 ? {} : { up_to_seq: upTo }) };
      const end = await deps.direct.get(page, leastMs, (headers) => {
        from = headers.sequence + 1;
        const id = bySubject.get(headers.subject);
        if (id !== undefined) found.set(id, headers.sequence);
      });
      if (upTo === 0) upTo = end.upTo;
      more = !end.empty && end.pending > 0 && from <= upTo;
    }
    memory.store(epoch, topicIds, { found, upTo });
    return upTo;
  };

  /** A copy that lags would delay what it does not have yet: another one may answer the next try. */
  const readFresh = async (topicIds: readonly TopicId[], since: number, epoch: number): Promise<number> => {
    const known = deps.position.highest;
    for (let left = tries; ; left -= 1) {
      const upTo = await readSome(topicIds, since, epoch);
      if (upTo >= known || left <= 1) return upTo;
    }
  };

  const readAll = (topicIds: readonly TopicId[], epoch: number): Promise<number>[] => {
    const { fresh, seen, since } = memory.split(epoch, topicIds);
    const calls: Promise<number>[] = [];
    for (const [ids, from] of [[fresh, 0] as const, [seen, since] as const]) {
      for (let start = 0; start < ids.length; start += topicsAtOnce) {
        const part = ids.slice(start, start + topicsAtOnce);
        calls.push(turnstile(() => readFresh(part, from, epoch)));
      }
    }
    return calls;
  };

  return async (topicIds: readonly TopicId[]): Promise<Tails> => {
    const epoch = deps.position.epoch;
    if (epoch === undefined) throw new JournalUnavailable("the journal has not been reached yet");
    const reached = await Promise.all(readAll(topicIds, epoch));
    if (deps.position.epoch !== epoch) throw new JournalUnavailable("the journal's epoch changed meanwhile");
    for (const sequence of reached) deps.position.note(sequence);
    return { epoch, checkedTo: Math.min(deps.position.highest, ...reached), last: memory.last(topicIds) };
  };
};
