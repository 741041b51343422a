import { natsSubjects } from "@revenprox/contract/nats-subjects";
import type { DirectGet } from "./direct-get.ts";

export interface EndProofDeps {
  readonly direct: Pick<DirectGet, "get" | "connected">;
  readonly instance: string;
}

const leastMs = 500;
const maxBytes = 1_048_576;
/** Another copy may answer the next try. */
const tries = 3;

/**
 * Whether the subject has nothing after `last`, as far as a copy of the journal tells that has reached `known`.
 * The leader's word would be worth less: one that was cut from the other servers goes on answering from its old
 * copy for seconds after these have elected another.
 */
export const createEndProof = ({ direct, instance }: EndProofDeps) => {
  const { in: inSubject, epochToken } = natsSubjects(instance);
  // The epoch record is always there, so the answer is never "nothing", which would not say how far the copy goes.
  const epochSubject = inSubject(epochToken);
  return async (subject: string, last: number, known: number): Promise<boolean> => {
    for (let left = tries; left > 0; left -= 1) {
      let newest = 0;
      const request = { multi_last: [subject, epochSubject], batch: 2, max_bytes: maxBytes };
      const { upTo } = await direct.get(request, leastMs, (headers) => {
        if (headers.subject === subject) newest = headers.sequence;
      });
      if (newest > last) return false;
      if (upTo >= known) return true;
    }
    return false;
  };
};
