import type { RolloutStatus } from "@revenprox/contract/resource/status";
import type { PodFigures, PodLoad } from "../fleet/pod-load.ts";
import { draining } from "./step.ts";

/** How a proxy that is gone ended: `clean` = by itself, after it had ended all its streams. */
export type PodEnding = "clean" | "unclean" | "unknown";

/** Why streams move now. */
export interface Cause {
  readonly reason: RolloutStatus["reason"];
  readonly from: string;
  readonly to: string;
}

export interface Look {
  readonly now: Date;
  /** Undefined: nothing moves but what still drains. */
  readonly cause: Cause | undefined;
  readonly pods: readonly PodLoad[];
  /** Of a pod that is gone. */
  readonly endingOf: (uid: string) => PodEnding;
  /** What a pod said last, also one that is gone. */
  readonly lastOf: (uid: string) => Pick<PodFigures, "streams" | "moved"> | undefined;
  readonly waitingFor: string | undefined;
}

/** What a pod said last, and the streams that it had moved before this. */
interface Heard {
  readonly streams: number;
  readonly moved: number;
  readonly base: number;
}

/** A move of streams: what is told of it, and what that is counted from. */
export interface MoveRecord {
  readonly status: RolloutStatus;
  /** By uid, of pods that are still there. */
  readonly heard: ReadonlyMap<string, Heard>;
  /** Of pods that are gone, and of what an operator before this one had counted. */
  readonly gone: { readonly moved: number; readonly lost: number };
  /** Begun by an operator before this one. */
  readonly continued: boolean;
  /** Milliseconds since 1970 at which the counts were shown last. */
  readonly shownAt: number;
}

/** Milliseconds between two renewals of the counts while streams move: each is a write. */
const shownEveryMs = 10_000;

/** Of what the status says to be under way, where this operator knows nothing of it. */
export const continuedFrom = (status: RolloutStatus | undefined): MoveRecord | undefined =>
  status === undefined || status.finishedAt !== undefined
    ? undefined
    : {
        status,
        heard: new Map(),
        gone: { moved: status.streamsMoved, lost: status.streamsLost },
        continued: true,
        shownAt: 0,
      };

const begun = (cause: Cause, now: Date): MoveRecord => ({
  status: { ...cause, streamsMoved: 0, streamsLost: 0, startedAt: rfc3339(now) },
  heard: new Map(),
  gone: { moved: 0, lost: 0 },
  continued: false,
  shownAt: 0,
});

const rfc3339 = (time: Date): string => `${time.toISOString().slice(0, 19)}Z`;

const heardNow = ({ heard, continued }: MoveRecord, pods: readonly PodLoad[]): ReadonlyMap<string, Heard> =>
  new Map(
    pods.flatMap(({ uid, goneBy, figures }): [string, Heard][] => {
      const before = heard.get(uid);
      if (figures === undefined) return before === undefined ? [] : [[uid, before]];
      const { streams, moved } = figures;
      // Of one that is first heard while it drains, all that it has moved is taken to belong to this; an operator before
      // this one has counted that already.
      const base = before?.base ?? (goneBy === undefined || continued ? moved : 0);
      return [[uid, { streams, moved, base }]];
    }),
  );

/** Counts the pods that left since the last look by what they said last. */
const goneNow = (record: MoveRecord, { pods, endingOf, lastOf }: Look): MoveRecord["gone"] => {
  const here = new Set(pods.map(({ uid }) => uid));
  let { moved, lost } = record.gone;
  for (const [uid, heard] of record.heard) {
    if (here.has(uid)) continue;
    const last = lastOf(uid) ?? heard;
    moved += last.moved - heard.base;
    if (endingOf(uid) === "clean") moved += last.streams;
    else lost += last.streams;
  }
  return { moved, lost };
};

/** The counts as they are shown: at the end, and now and then before. */
const shown = (record: MoveRecord, look: Look, finished: boolean): MoveRecord => {
  const { status, heard, gone } = record;
  const now = look.now.getTime();
  if (!finished && now - record.shownAt < shownEveryMs) return record;
  const moved = [...heard.values()].reduce((sum, pod) => sum + pod.moved - pod.base, gone.moved);
  return { ...record, status: { ...status, streamsMoved: moved, streamsLost: gone.lost }, shownAt: now };
};

const finishedAt = (status: RolloutStatus, now: Date): RolloutStatus => {
  const seconds = Math.max(0, Math.round((now.getTime() - Date.parse(status.startedAt)) / 1_000));
  return { ...status, finishedAt: rfc3339(now), seconds };
};

const waiting = ({ waitingFor: _, ...status }: RolloutStatus, waitingFor: string | undefined): RolloutStatus =>
  waitingFor === undefined ? status : { ...status, waitingFor: waitingFor.slice(0, 512) };

/** What is known after a look: a move that goes on, one that ended with it, one that begins, or none. */
export const recordOf = (before: MoveRecord | undefined, look: Look): MoveRecord | undefined => {
  const open = before?.status.finishedAt === undefined ? before : undefined;
  const record = open ?? (look.cause === undefined ? undefined : begun(look.cause, look.now));
  if (record === undefined) return before;
  const finished = look.cause === undefined && draining(look.pods, look.now.getTime()).length === 0;
  const counted = { ...record, heard: heardNow(record, look.pods), gone: goneNow(record, look) };
  const told = shown(counted, look, finished);
  const status = waiting({ ...told.status, to: look.cause?.to ?? told.status.to }, look.waitingFor);
  return { ...told, status: finished ? finishedAt(status, look.now) : status };
};
