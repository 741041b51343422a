import type { ProxyConfig } from "@revenprox/contract/config/proxy-config";
import type { Health } from "../http/health.ts";
import type { TopicId } from "../hub/event.ts";
import type { HubStats } from "../hub/hub.ts";
import type { StreamMoves } from "../hub/open-streams.ts";
import type { QueueStats } from "../hub/queue-stats.ts";
import type { Shed } from "../hub/shed.ts";

/** A peer as a loop knows it; times are in milliseconds. */
export interface LoopPeer {
  readonly id: string;
  readonly build: string;
  readonly protocol: number;
  readonly knowledge: "held" | "behind" | "counted" | "untold";
  readonly topics: number;
  readonly connections: number;
  readonly startedAt: number;
  readonly lastHeardAt: number;
}

/** What one event loop says of itself; costs the same however many streams it has. */
export interface LoopState {
  readonly health: Health;
  readonly notReady: readonly string[];
  readonly stats: HubStats;
  readonly moves: StreamMoves;
  readonly journalConnected: boolean;
  readonly breaker: "closed" | "open" | "none";
  readonly peers: readonly LoopPeer[];
}

/** With which a loop begins. */
export interface LoopStart {
  /** As this loop is to obey it. */
  readonly config: ProxyConfig;
  /** The whole proxy's name. */
  readonly proxyId: string;
  /** 1 and up. */
  readonly loop: number;
  readonly loops: number;
  readonly port: number;
  readonly logLevel: ProxyConfig["logLevel"];
}

/** What a loop has admitted, for the others; the supervisor passes it on and does not look into it. */
export interface Told {
  readonly loop: number;
}

export interface TopicCount {
  readonly topic: string;
  readonly id: string;
  readonly subscribers: number;
}

/** Streams at other proxies, by their names. */
export interface Elsewhere {
  readonly counts: ReadonlyMap<string, number>;
  readonly silent: readonly string[];
}

/** What the supervisor asks of a loop. */
export interface LoopCalls<Admitted extends Told = Told, Metrics = unknown> {
  /** Answered when it listens. */
  readonly start: readonly [LoopStart, undefined];
  readonly state: readonly [undefined, LoopState];
  readonly queues: readonly [undefined, QueueStats];
  readonly topics: readonly [{ readonly after: string; readonly most: number }, readonly TopicCount[]];
  readonly subscribers: readonly [TopicId, number];
  readonly elsewhere: readonly [TopicId, Elsewhere];
  readonly metrics: readonly [undefined, Metrics];
  readonly shed: readonly [Shed, number];
  /** Answered when no stream is left. */
  readonly drain: readonly [undefined, undefined];
  /** It ends its process. */
  readonly shutDown: readonly [undefined, undefined];
  readonly configure: readonly [ProxyConfig, undefined];
  readonly logLevel: readonly [ProxyConfig["logLevel"], undefined];
  readonly admitted: readonly [Admitted, undefined];
  /** That loop is gone with its streams. */
  readonly gone: readonly [loop: number, undefined];
  /** Another loop serves now, and knows nothing of what was admitted before. */
  readonly newcomer: readonly [undefined, undefined];
}

/** What a loop asks of the supervisor. */
export interface SupervisorCalls<Admitted extends Told = Told> {
  readonly health: readonly [undefined, Health];
  readonly metrics: readonly [undefined, { readonly contentType: string; readonly text: string }];
  readonly admitted: readonly [Admitted, undefined];
  /** Topics that got, or lost, streams on the loop, with whether they have any. */
  readonly audiences: readonly [readonly (readonly [topicId: TopicId, listened: boolean])[], undefined];
}
