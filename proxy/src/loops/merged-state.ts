import { atCapacityReason } from "../http/readiness.ts";
import type { HubStats } from "../hub/hub.ts";
import type { StreamMoves } from "../hub/open-streams.ts";
import type { QueueStats } from "../hub/queue-stats.ts";
import type { Shed } from "../hub/shed.ts";
import type { LoopPeer, LoopState, TopicCount } from "./loop-calls.ts";

const sum = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((total, item) => total + of(item), 0);

const most = <T>(items: readonly T[], of: (item: T) => number): number => Math.max(0, ...items.map(of));

const distinct = (texts: readonly string[]): readonly string[] => [...new Set(texts)];

/** Streams that were created and closed on loops that are gone. */
export interface EndedStreams {
  readonly created: number;
  readonly moved: number;
}

export interface MergedStatsFacts {
  readonly loops: readonly LoopState[];
  readonly ended: EndedStreams;
  /** Topics with streams on any loop. */
  readonly topics: number;
  /** Streams that all of them accept together. */
  readonly effectiveMax: number;
}

/** Of all loops together; a loop that is gone has closed what it had created. */
export const mergedStats = ({ loops, ended, topics, effectiveMax }: MergedStatsFacts): HubStats => {
  const all = loops.map(({ stats }) => stats);
  return {
    active: sum(all, ({ active }) => active),
    idle: sum(all, ({ idle }) => idle),
    connecting: sum(all, ({ connecting }) => connecting),
    closing: sum(all, ({ closing }) => closing),
    totalCreated: ended.created + sum(all, ({ totalCreated }) => totalCreated),
    totalClosed: ended.created + sum(all, ({ totalClosed }) => totalClosed),
    topics,
    effectiveMax,
  };
};

export const mergedMoves = (loops: readonly LoopState[], ended: EndedStreams): StreamMoves => ({
  moved: ended.moved + sum(loops, ({ moves }) => moves.moved),
  shedding: sum(loops, ({ moves }) => moves.shedding),
});

/** Why no new client should come: what holds for every loop, and a full one, since nobody can choose another. */
export const mergedNotReady = (loops: readonly LoopState[]): readonly string[] => {
  if (loops.length === 0) return ["no event loop is running"];
  const reasons = distinct(loops.flatMap(({ notReady }) => notReady));
  return loops.every(({ notReady }) => notReady.length > 0)
    ? reasons
    : reasons.filter((reason) => reason === atCapacityReason);
};

export const mergedDegraded = (loops: readonly LoopState[]): readonly string[] =>
  distinct(loops.flatMap(({ health }) => health.reasons ?? []));

export const mergedBreaker = (loops: readonly LoopState[]): LoopState["breaker"] => {
  const states = new Set(loops.map(({ breaker }) => breaker));
  return states.has("open") ? "open" : states.has("closed") ? "closed" : "none";
};

/** Each loop has heard of every peer; the latest word counts. */
export const mergedPeers = (loops: readonly LoopState[]): readonly LoopPeer[] => {
  const peers = new Map<string, LoopPeer>();
  for (const peer of loops.flatMap((loop) => loop.peers))
    if ((peers.get(peer.id)?.lastHeardAt ?? 0) <= peer.lastHeardAt) peers.set(peer.id, peer);
  return [...peers.values()];
};

export const mergedQueues = (queues: readonly QueueStats[]): QueueStats => ({
  behind: sum(queues, ({ behind }) => behind),
  eventsBehindMax: most(queues, ({ eventsBehindMax }) => eventsBehindMax),
  eventsBehindTotal: sum(queues, ({ eventsBehindTotal }) => eventsBehindTotal),
  blocked: sum(queues, ({ blocked }) => blocked),
  reading: sum(queues, ({ reading }) => reading),
  ringBytes: sum(queues, ({ ringBytes }) => ringBytes),
  ringBytesMax: sum(queues, ({ ringBytesMax }) => ringBytesMax),
  replays: sum(queues, ({ replays }) => replays),
  replaysWaiting: sum(queues, ({ replaysWaiting }) => replaysWaiting),
});

/** The first `most` topics by name, each once; each loop has told its own first ones. */
export const mergedTopics = (lists: readonly (readonly TopicCount[])[], limit: number): readonly TopicCount[] => {
  const topics = new Map<string, TopicCount>();
  for (const one of lists.flat()) {
    const before = topics.get(one.topic)?.subscribers ?? 0;
    topics.set(one.topic, { ...one, subscribers: before + one.subscribers });
  }
  return [...topics.values()].toSorted((a, b) => (a.topic < b.topic ? -1 : 1)).slice(0, limit);
};

/** Each loop's part of a shed, by the streams that it has; all of them together are what was asked for. */
export const shedOfLoops = ({ streams, keep, ratePerSec }: Shed, open: readonly number[]): readonly Shed[] => {
  const total = sum(open, (count) => count);
  const planned = Math.min(streams, Math.max(0, total - keep));
  let [before, given] = [0, 0];
  return open.map((count) => {
    before += count;
    const share = total === 0 ? 0 : Math.round((planned * before) / total) - given;
    given += share;
    return { streams: share, keep: count - share, ratePerSec: Math.max(1, Math.ceil(ratePerSec / open.length)) };
  });
};
