import {
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from "@nats-io/jetstream";
import type { JournalConfig } from "@revenprox/contract/config/proxy-config";
import { journalStream, natsSubjects } from "@revenprox/contract/nats-subjects";
import type { Clock, Log, Random } from "../hub/ports.ts";
import { differences, existingStream, isApiError } from "./stream-settings.ts";

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

const nameInUse = 10_058;

/**
 * Server time in milliseconds at which the process that last set the stream up had first seen it. While pods with an
 * old and a new configuration run side by side, the ones that started later decide.
 */
const settingsOf = "revenprox.settings-of";

/** Proxies that start at once look at a stream to be changed one after the other, so that one of them changes it. */
const changeSpreadMs = 300;

export interface JournalStreamDeps {
  readonly manager: JetStreamManager;
  readonly clock: Clock;
  readonly random: Random;
  readonly instance: string;
  readonly journal: JournalConfig;
  readonly log: Log;
  /** Whether the server knows batches that are stored as a whole or not at all. */
  readonly atomicBatches: boolean;
  /** Server time in milliseconds of this process's first sight of the stream; undefined: this is the first. */
  readonly firstSeen: number | undefined;
}

/** The stream as it is, and why it is not as it should be. */
export interface EnsuredStream {
  readonly info: StreamInfo;
  /** What NATS did not change, in words for the operator of the system; undefined: all is as configured. */
  readonly trouble: string | undefined;
}

/**
 * The instance's stream as it is now; made when absent, changed where it can be changed in place.
 * All proxies do this at once: "already there" is success, and so is a time-out after which the stream exists.
 * Rejects when JetStream is missing, out of resources or out of reach.
 */
export const ensureJournalStream = async (deps: JournalStreamDeps): Promise<EnsuredStream> => {
  const name = journalStream(deps.instance);
  const found = (await existingStream(deps.manager, name)) ?? (await added(deps, name));
  const stuck = differences(fixed, found.config);
  const trouble =
    stuck.length === 0
      ? undefined
      : `Stream ${name} has other settings than a journal needs, and NATS cannot change them: ${stuck.join(", ")}. ` +
        "It is used as it is; delete the stream to have it made anew (the past is lost).";
  const firstSeen = deps.firstSeen ?? serverTime(found);
  const ensured = await updated({ ...deps, firstSeen }, name, found);
  return { info: ensured.info, trouble: trouble ?? ensured.trouble };
};

const serverTime = ({ ts }: StreamInfo): number => (ts === undefined ? 0 : Date.parse(ts));

const added = async (deps: JournalStreamDeps, name: string): Promise<StreamInfo> => {
  const { manager, log } = deps;
  try {
    const info = await manager.streams.add({ name, ...fixed, ...changeable(deps) });
    // Of proxies that do so at once, all are told of success.
    log.info(`Set up the journal stream ${name}`, { stream: name });
    return info;
  } catch (fault) {
    // Another proxy was faster, or the answer was lost: what counts is whether the stream exists now.
    const info = await existingStream(manager, name);
    if (info !== undefined) return info;
    if (isApiError(fault, nameInUse)) throw new Error(`stream ${name} is there and not there`, { cause: fault });
    throw fault;
  }
};

type Newcomer = JournalStreamDeps & { readonly firstSeen: number };

/** What this proxy has to change; empty also where a proxy that started later has set the stream up. */
const due = (deps: Newcomer, found: StreamInfo): string[] => {
  const settings = differences(changeable(deps), found.config);
  return Number(found.config.metadata?.[settingsOf] ?? 0) > deps.firstSeen ? [] : settings;
};

const updated = async (deps: Newcomer, name: string, first: StreamInfo): Promise<EnsuredStream> => {
  if (due(deps, first).length === 0) return { info: first, trouble: undefined };
  await new Promise<void>((resolve) => void deps.clock.after(deps.random() * changeSpreadMs, resolve));
  const found = (await existingStream(deps.manager, name)) ?? first;
  const settings = due(deps, found);
  if (settings.length === 0) return { info: found, trouble: undefined };
  const metadata = { ...found.config.metadata, [settingsOf]: String(deps.firstSeen) };
  try {
    const info = await deps.manager.streams.update(name, { ...found.config, ...changeable(deps), metadata });
    deps.log.info(`Changed the journal stream ${name}: ${settings.join(", ")}`, { stream: name, settings });
    return { info, trouble: undefined };
  } catch (fault) {
    if (!(fault instanceof JetStreamApiError)) throw fault;
    const trouble =
      `Stream ${name} keeps its settings, for NATS refused to change ${settings.join(", ")}: ${fault.message}. ` +
      "Check [journal] in the configuration against the NATS server's limits.";
    return { info: found, trouble };
  }
};
