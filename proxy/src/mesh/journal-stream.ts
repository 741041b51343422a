import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from "@nats-io/jetstream";
import type { JournalConfig } from "@revenprox/contract/config/proxy-config";
import { journalStream, natsSubjects } from "@revenprox/contract/nats-subjects";
import type { Log } from "../hub/ports.ts";

const nanos = (seconds: number): number => seconds * 1_000_000_000;

/** Settings that a server changes in place. */
const changeable = ({ instance, journal, atomicBatches }: JournalStreamDeps) => {
  const subjects = natsSubjects(instance);
  return {
    subjects: [subjects.inAll],
    republish: { src: subjects.inAll, dest: subjects.outAll },
    max_age: nanos(journal.maxAgeSec),
    max_msgs_per_subject: journal.maxEventsPerTopic,
    max_bytes: journal.maxBytes,
    discard: DiscardPolicy.Old,
    duplicate_window: nanos(Math.min(journal.duplicateWindowSec, journal.maxAgeSec)),
    num_replicas: journal.replicas,
    allow_direct: true,
    deny_delete: true,
    deny_purge: true,
    allow_rollup_hdrs: false,
    ...(atomicBatches ? { allow_atomic: true } : {}),
  } satisfies Partial<StreamConfig>;
};

const fixed = { storage: StorageType.File, retention: RetentionPolicy.Limits } as const;

const same = (wanted: unknown, found: unknown): boolean =>
  typeof wanted !== "object" || wanted === null || typeof found !== "object" || found === null
    ? wanted === found
    : Object.entries(wanted).every(([key, value]) => same(value, Reflect.get(found, key))) &&
      Object.keys(found).length === Object.keys(wanted).length;

const orFalse = (value: unknown): unknown => value ?? false;

/** Names of the settings in which the stream differs from what is wanted. */
export const differences = (wanted: Readonly<Record<string, unknown>>, found: StreamConfig): string[] =>
  Object.entries(wanted)
    .filter(
      ([key, value]) =>
        !same(value, typeof value === "boolean" ? orFalse(Reflect.get(found, key)) : Reflect.get(found, key)),
    )
    .map(([key]) => key);

const isApiError = (fault: unknown, code: number): boolean => fault instanceof JetStreamApiError && fault.code === code;

const nameInUse = 10_058;

export interface JournalStreamDeps {
  readonly manager: JetStreamManager;
  readonly instance: string;
  readonly journal: JournalConfig;
  readonly log: Log;
  /** Whether the server knows batches that are stored as a whole or not at all. */
  readonly atomicBatches: boolean;
}

/**
 * The instance's stream as it is now; made when absent, changed where it can be changed in place.
 * All proxies do this at once: "already there" is success, and so is a time-out after which the stream exists.
 * Rejects when JetStream is missing, out of resources or out of reach.
 */
export const ensureJournalStream = async (deps: JournalStreamDeps): Promise<StreamInfo> => {
  const name = journalStream(deps.instance);
  const found = (await existing(deps.manager, name)) ?? (await added(deps, name));
  const stuck = differences(fixed, found.config);
  if (stuck.length > 0) {
    deps.log.warn(
      `Stream ${name} has other settings than a journal needs, and NATS cannot change them: ${stuck.join(", ")}. ` +
        "It is used as it is; delete the stream to have it made anew (the past is lost).",
      { stream: name, settings: stuck },
    );
  }
  return await updated(deps, name, found);
};

const existing = async (manager: JetStreamManager, name: string): Promise<StreamInfo | undefined> => {
  try {
    return await manager.streams.info(name);
  } catch (fault) {
    if (isApiError(fault, JetStreamApiCodes.StreamNotFound)) return undefined;
    throw fault;
  }
};

const added = async (deps: JournalStreamDeps, name: string): Promise<StreamInfo> => {
  const { manager, log } = deps;
  try {
    const info = await manager.streams.add({ name, ...fixed, ...changeable(deps) });
    log.info(`Made the journal stream ${name}`, { stream: name });
    return info;
  } catch (fault) {
    // Another proxy was faster, or the answer was lost: what counts is whether the stream exists now.
    const info = await existing(manager, name);
    if (info !== undefined) return info;
    if (isApiError(fault, nameInUse)) throw new Error(`stream ${name} is there and not there`, { cause: fault });
    throw fault;
  }
};

const updated = async (deps: JournalStreamDeps, name: string, found: StreamInfo): Promise<StreamInfo> => {
  const wanted = changeable(deps);
  const settings = differences(wanted, found.config);
  if (settings.length === 0) return found;
  try {
    const info = await deps.manager.streams.update(name, { ...found.config, ...wanted });
    deps.log.info(`Changed the journal stream ${name}: ${settings.join(", ")}`, { stream: name, settings });
    return info;
  } catch (fault) {
    if (!(fault instanceof JetStreamApiError)) throw fault;
    deps.log.warn(
      `Stream ${name} keeps its settings, for NATS refused to change ${settings.join(", ")}: ${fault.message}. ` +
        "Check [journal] in the configuration against the NATS server's limits.",
      { stream: name, settings },
    );
    return found;
  }
};
