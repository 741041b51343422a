import { JetStreamApiCodes, type JetStreamManager } from "@nats-io/jetstream";
import { type NatsConnection, headers as natsHeaders } from "@nats-io/nats-core";
import type { Clock } from "../hub/ports.ts";
import { decideEpoch, type EpochRecord, type EpochView, type JournalFacts, wentBack } from "./epoch-rules.ts";

/** Reads the payload of an epoch record; undefined when it is none. */
export const parseEpochRecord = (payload: string, sequence: number): EpochRecord | undefined => {
  const { epoch, after, keptTo } = fields(payload);
  if (!isSequence(epoch) || epoch === 0 || !isSequence(after)) return undefined;
  return { epoch, after, ...(isSequence(keptTo) ? { keptTo } : {}), sequence };
};

const isSequence = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

const fields = (payload: string): { epoch?: unknown; after?: unknown; keptTo?: unknown } => {
  try {
    const value: unknown = JSON.parse(payload);
    return typeof value === "object" && value !== null ? value : {};
  } catch (fault) {
    if (fault instanceof SyntaxError) return {};
    throw fault;
  }
};

/** What a record says: all of it but its place. */
export type EpochContent = Omit<EpochRecord, "sequence">;

export const writeEpochRecord = ({ epoch, after, keptTo }: EpochContent, writer: string): string =>
  JSON.stringify({ v: 1, epoch, after, keptTo, writer });

export type RecordWrite = { readonly kind: "stored"; readonly sequence: number } | { readonly kind: "outrun" };

export interface EpochStore {
  /** The newest record and the stream's bounds, as the stream's leader has them. Rejects when none answers for certain. */
  facts(): Promise<JournalFacts>;
  /** Compare-and-set on the epoch subject; `outrun` when another proxy wrote first. Rejects when nobody answers. */
  write(record: EpochContent, expected: number): Promise<RecordWrite>;
}

export interface StreamBounds {
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** The server that answered is still the stream's leader for certain. */
  readonly leads: boolean;
}

export interface EpochStoreDeps {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly stream: string;
  readonly subject: string;
  readonly writer: string;
  readonly timeoutMs: number;
  readonly bounds: () => Promise<StreamBounds>;
}

const wrongLastSequence: readonly unknown[] = [
  JetStreamApiCodes.StreamWrongLastSequence,
  JetStreamApiCodes.StreamWrongLastSequenceUnknown,
];

export const createEpochStore = (deps: EpochStoreDeps): EpochStore => ({
  facts: async () => {
    const message = await deps.manager.streams.getMessage(deps.stream, { last_by_subj: deps.subject });
    const { leads, ...bounds } = await deps.bounds();
    if (!leads) throw new Error("the server that answers may lead no more");
    return {
      record: message === null ? undefined : parseEpochRecord(message.string(), message.seq),
      subjectSequence: message?.seq ?? 0,
      ...bounds,
    };
  },
  write: async (record, expected) => {
    const headers = natsHeaders();
    headers.append("Nats-Expected-Last-Subject-Sequence", String(expected));
    const payload = writeEpochRecord(record, deps.writer);
    const reply = await deps.connection.request(deps.subject, payload, { headers, timeout: deps.timeoutMs });
    const { seq, error } = reply.json<{ seq?: number; error?: { err_code?: number; description?: string } }>();
    if (error === undefined && seq !== undefined) return { kind: "stored", sequence: seq };
    if (wrongLastSequence.includes(error?.err_code)) return { kind: "outrun" };
    throw new Error(`the epoch record was refused: ${error?.description ?? "no reason given"}`);
  },
});

export interface AdoptedEpoch {
  /** Undefined: none was known before. */
  readonly restarted: boolean | undefined;
}

export interface SettledEpoch {
  readonly record: EpochRecord;
  /** Undefined: the epoch is the known one. */
  readonly change: AdoptedEpoch | undefined;
  readonly lastSequence: number;
}

/** A new leader may answer before it applied all it has: believe a step back only when it lasts. */
const doubtMs = [100, 300, 600] as const;
const attempts = 8;

const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => void clock.after(ms, resolve));

const soberFacts = async (store: EpochStore, view: EpochView, clock: Clock): Promise<JournalFacts> => {
  let facts = await store.facts();
  for (const ms of doubtMs) {
    if (!wentBack(view, facts)) break;
    await pause(clock, ms);
    facts = await store.facts();
  }
  return facts;
};

/**
 * What a server tells can be old; what most of them stored is where the journal ends. So before ids begin anew, the known
 * record is stored once more. Undefined: another proxy wrote meanwhile.
 */
const provenFacts = async (store: EpochStore, view: EpochView, clock: Clock): Promise<JournalFacts | undefined> => {
  const facts = await soberFacts(store, view, clock);
  const { record } = facts;
  if (record === undefined || record.epoch !== view.record?.epoch || !wentBack(view, facts)) return facts;
  const written = await store.write(record, facts.subjectSequence);
  if (written.kind === "outrun") return undefined;
  const { sequence } = written;
  const proven = { ...facts, record: { ...record, sequence }, subjectSequence: sequence };
  return sequence > view.highest ? { ...proven, lastSequence: sequence } : proven;
};

/** Reads the journal's epoch and names it where nobody has; of several proxies that try at once one writes. */
export const settleEpoch = async (store: EpochStore, view: EpochView, clock: Clock): Promise<SettledEpoch> => {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const facts = await provenFacts(store, view, clock);
    if (facts === undefined) continue;
    const decision = decideEpoch(view, facts, clock.now());
    const { lastSequence } = facts;
    if (decision.kind === "keep") return { record: decision.record, change: undefined, lastSequence };
    if (decision.kind === "adopt") {
      return { record: decision.record, change: { restarted: decision.restarted }, lastSequence };
    }
    await store.write(decision, decision.expected);
  }
  throw new Error("the journal's epoch could not be settled: its record changes all the time");
};
