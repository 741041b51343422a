import type { HubStats } from "../hub/hub.ts";
import type { QueueStats } from "../hub/queue-stats.ts";
import { type ApiRoute, count, listOf, ok, record, text } from "./api-route.ts";

/** A proxy of the same system that was heard of lately. Times are in milliseconds. */
export interface PeerView {
  readonly id: string;
  readonly build: string;
  /** Version of the topic-state protocol that it speaks. */
  readonly protocol: number;
  /** `held`: all its topics are known here; `behind`: not all yet; `counted`: too many; `untold`: its build does not tell them. */
  readonly knowledge: "held" | "behind" | "counted" | "untold";
  readonly topics: number;
  readonly connections: number;
  readonly startedAt: number;
  readonly lastHeardAt: number;
}

export interface StateParts {
  readonly stats: () => HubStats;
  readonly queues: () => QueueStats | Promise<QueueStats>;
  readonly peers: () => readonly PeerView[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** The seed's four fields first: active is created less closed; idle are those without an event since their last keepalive. */
const connections = ({ stats }: StateParts): ApiRoute => ({
  method: "GET",
  path: "/api/v1/connections",
  access: "read",
  summary: "Connection pool statistics of this proxy",
  answers: {
    200: {
      description: "Counts of streams.",
      schema: record({
        active_connections: count("Open streams: created less closed."),
        idle_connections: count("Open streams that got no event since their last keepalive."),
        total_created: count("Streams opened since the start."),
        total_closed: count("Streams closed since the start."),
        connecting_connections: count("Streams whose place in their topics is not known yet."),
        closing_connections: count("Streams that were ended and whose response has not closed yet."),
        max_connections_effective: count("Streams this proxy accepts."),
        topics: count("Topics with at least one stream."),
      }),
    },
  },
  handle: () => {
    const now = stats();
    return ok({
      active_connections: now.totalCreated - now.totalClosed,
      idle_connections: now.idle,
      total_created: now.totalCreated,
      total_closed: now.totalClosed,
      connecting_connections: now.connecting,
      closing_connections: now.closing,
      max_connections_effective: now.effectiveMax,
      topics: now.topics,
    });
  },
});

const queues = ({ queues: read }: StateParts): ApiRoute => ({
  method: "GET",
  path: "/api/v1/queues",
  access: "read",
  summary: "Message queue statistics of this proxy",
  answers: {
    200: {
      description: "How far streams are behind. A stream has no queue of its own: it is a place in its topics.",
      schema: record({
        streams_behind: count("Streams that have not been written all there is."),
        events_behind_max: count("Events by which the furthest of them is behind."),
        events_behind_total: count("Events by which all of them together are behind."),
        streams_blocked: count("Streams whose socket takes nothing more for now."),
        streams_reading: count("Streams that wait for a page of the journal."),
        ring_bytes: count("Bytes of encoded events in memory, shared by all streams."),
        ring_bytes_max: count("Most bytes of these."),
        replays: count("Reads of the journal that are under way for streams."),
        replays_waiting: count("Reads that wait until one of these has ended."),
      }),
    },
  },
  handle: async () => {
    const now = await read();
    return ok({
      streams_behind: now.behind,
      events_behind_max: now.eventsBehindMax,
      events_behind_total: now.eventsBehindTotal,
      streams_blocked: now.blocked,
      streams_reading: now.reading,
      ring_bytes: now.ringBytes,
      ring_bytes_max: now.ringBytesMax,
      replays: now.replays,
      replays_waiting: now.replaysWaiting,
    });
  },
});

const peers = ({ peers: read, now }: StateParts): ApiRoute => ({
  method: "GET",
  path: "/api/v1/peers",
  access: "read",
  summary: "The other proxies of this system",
  answers: {
    200: {
      description: "Those heard of within peer_timeout_sec, and what they said of themselves.",
      schema: record({
        peers: listOf(
          record({
            id: text("The proxy's name."),
            build: text("Its version."),
            protocol: count("Version of the topic-state protocol that it speaks."),
            topics_known: {
              type: "string",
              enum: ["held", "behind", "counted", "untold"],
              description:
                "Whether its topics are known here: `held` all of them; `behind` not all yet; `counted` more than max_topics_per_peer; `untold` its build does not tell them. All but `held` are asked when somebody wants to know.",
            },
            topics: count("Topics with at least one stream there."),
            connections: count("Open streams there."),
            started_at: { type: "string", format: "date-time", description: "When it started, by its own clock." },
            last_heard_ms: count("Milliseconds since it was last heard of."),
          }),
          "In the order of their names.",
        ),
      }),
    },
  },
  handle: () =>
    ok({
      peers: read()
        .map((peer) => ({
          id: peer.id,
          build: peer.build,
          protocol: peer.protocol,
          topics_known: peer.knowledge,
          topics: peer.topics,
          connections: peer.connections,
          started_at: new Date(peer.startedAt).toISOString(),
          last_heard_ms: Math.max(0, now() - peer.lastHeardAt),
        }))
        .toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    }),
});

/** Routes that say how this proxy and its peers are. */
export const stateRoutes = (parts: StateParts): readonly ApiRoute[] => [
  connections(parts),
  queues(parts),
  peers(parts),
];
