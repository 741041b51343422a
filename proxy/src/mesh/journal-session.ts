import { type JetStreamManager, jetstreamManager, type StreamInfo } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { journalStream, natsSubjects } from "@revenprox/contract/nats-subjects";
import { createEpochStore, type EpochStore, type StreamBounds } from "./epoch-record.ts";
import { leadsStill } from "./leader-lease.ts";

const requestTimeoutMs = 2_000;

/** How full the journal is, as last read from it; limit 0 = none is known. */
export interface JournalFigures {
  readonly bytes: number;
  readonly maxBytes: number;
  readonly messages: number;
}

/** What can be asked of the journal's stream over one connection. */
export interface JournalSession {
  readonly manager: JetStreamManager;
  readonly store: EpochStore;
  /** The server is of a version that knows atomic batches. */
  readonly atomicBatches: boolean;
  bounds(): Promise<StreamBounds>;
}

export interface JournalSessionDeps {
  readonly instance: string;
  readonly proxyId: string;
  /** Told with each answer; `sentAt` is the time of the question. */
  readonly onInfo: (info: StreamInfo, sentAt: number) => void;
  readonly now: () => number;
}

/** Since nats-server 2.12; an older one refuses the setting or forgets it. */
const knowsAtomicBatches = (version: string | undefined): boolean => {
  const [major = 0, minor = 0] = (version ?? "").split(".").map(Number);
  return major > 2 || (major === 2 && minor >= 12);
};

export const openJournalSession = async (
  connection: NatsConnection,
  { instance, proxyId, onInfo, now }: JournalSessionDeps,
): Promise<JournalSession> => {
  const stream = journalStream(instance);
  const subjects = natsSubjects(instance);
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: requestTimeoutMs });
  const bounds = async (): Promise<StreamBounds> => {
    const sentAt = now();
    const info = await manager.streams.info(stream);
    onInfo(info, sentAt);
    return { firstSequence: info.state.first_seq, lastSequence: info.state.last_seq, leads: leadsStill(info) };
  };
  const store = createEpochStore({
    connection,
    manager,
    stream,
    subject: subjects.in(subjects.epochToken),
    writer: proxyId,
    timeoutMs: requestTimeoutMs,
    bounds,
  });
  return { manager, store, atomicBatches: knowsAtomicBatches(connection.info?.version), bounds };
};
