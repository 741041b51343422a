import type { Topic, TopicId } from "./event.ts";
import type { Stream } from "./stream.ts";
import type { TopicView } from "./topic-view.ts";

type Place = Pick<TopicView, "ring" | "passed">;

/** What streams listen to, and those that listen to it. */
export interface Audience extends Place {
  readonly streams: Iterable<Stream>;
}

/** How far the streams of this proxy are behind. A stream has no queue of its own: it is a place in its topics. */
export interface QueueStats {
  /** Streams that have not been written all there is. */
  readonly behind: number;
  /** Events by which the furthest stream, and all together, are behind: exact as far as the rings reach, beyond that at most so many. */
  readonly eventsBehindMax: number;
  readonly eventsBehindTotal: number;
  /** Streams whose socket takes nothing more for now. */
  readonly blocked: number;
  /** Streams that wait for a page of the journal. */
  readonly reading: number;
  /** Bytes of encoded events in memory, shared by all streams. */
  readonly ringBytes: number;
  readonly ringBytesMax: number;
  /** Reads of the journal that are under way for streams, and that wait for one of these to end. */
  readonly replays: number;
  readonly replaysWaiting: number;
}

/** A topic that this proxy follows, and the open streams that listen to it here. */
export interface TopicStats {
  readonly topic: Topic;
  readonly topicId: TopicId;
  readonly subscribers: number;
}

type StreamStats = Omit<QueueStats, "ringBytes" | "ringBytesMax" | "replays" | "replaysWaiting">;

/** Events after the stream's cursor. Sequences count over all topics, so below the ring they only bound it. */
const eventsBehind = ({ ring, passed }: Place, { cursor }: Stream): number => {
  const inRing = ring.countAfter(Math.max(cursor, ring.floor));
  return cursor >= ring.floor ? inRing : inRing + Math.max(0, Math.min(ring.floor, passed) - cursor);
};

type Tally = { -readonly [Key in keyof StreamStats]: StreamStats[Key] };

const count = (tally: Tally, view: Place, stream: Stream): void => {
  if (stream.blocked) tally.blocked += 1;
  if (stream.reading) tally.reading += 1;
  const events = stream.state === "connecting" ? 0 : eventsBehind(view, stream);
  if (events === 0) return;
  tally.behind += 1;
  tally.eventsBehindTotal += events;
  tally.eventsBehindMax = Math.max(tally.eventsBehindMax, events);
};

/** How far all streams of these audiences are behind. */
export const streamStats = (audiences: Iterable<Audience>): StreamStats => {
  const tally: Tally = { behind: 0, eventsBehindMax: 0, eventsBehindTotal: 0, blocked: 0, reading: 0 };
  for (const audience of audiences) for (const stream of audience.streams) count(tally, audience, stream);
  return tally;
};
