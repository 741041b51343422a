import { JetStreamApiError } from "@nats-io/jetstream";

/** Answers of a JetStream that cannot hold the journal, and how to mend that. */
const remedies: ReadonlyMap<number, string> = new Map([
  [10_039, "JetStream is not enabled for this user's account: enable it for the account on the NATS servers"],
  [10_076, "JetStream is not enabled on the NATS server: add a jetstream block to its configuration"],
  [
    10_047,
    "JetStream has no room for the journal: lower [journal] max_bytes, or raise max_file_store on the NATS servers",
  ],
  [
    10_002,
    "the account has no room for the journal: lower [journal] max_bytes, or raise the account's JetStream limits",
  ],
  [10_023, "JetStream has no resources left for the journal: raise max_file_store on the NATS servers"],
  [10_005, "no NATS servers have room for the journal's copies: lower [journal] max_bytes or replicas, or add servers"],
  [10_074, "the NATS server stands alone and cannot keep several copies: set [journal] replicas = 1"],
]);

/** In words for whoever runs the system. */
export const whyUnusable = (fault: unknown): string => {
  if (fault instanceof JetStreamApiError)
    return `${remedies.get(fault.code) ?? "check the NATS servers"} (NATS says: ${fault.message})`;
  const text = fault instanceof Error ? fault.message : String(fault);
  return /no responders/i.test(text)
    ? `nobody answers for JetStream: check that it is enabled on the NATS servers and for this user (${text})`
    : text;
};
