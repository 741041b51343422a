import { Admission } from "./admission/admission.ts";
import { type EffectiveLimits, effectiveLimits, readOpenFileLimit } from "./admission/effective-limits.ts";
import { limitsText } from "./admission/pressure.ts";
import { RateLimiter } from "./admission/rate-limiter.ts";
import { type Admitted, SharedUse } from "./admission/shared-use.ts";
import { TokenStreams } from "./admission/token-streams.ts";
import { UsageWatch } from "./admission/usage-watch.ts";
import type { LiveConfig } from "./config/live-config.ts";
import type { HubMetrics, Log } from "./hub/ports.ts";
import { memoryOfLoop } from "./loops/loop-config.ts";
import { systemClock } from "./system-clock.ts";
import { memoryLimit } from "./telemetry/process-metrics.ts";

/** What this process may use and admit. */
export interface Limits {
  /** The limits in force now. */
  readonly inForce: () => EffectiveLimits;
  readonly admission: Admission;
  readonly usage: UsageWatch;
  readonly quotas: {
    publish(publisher: string): number | undefined;
    stream(token: string): boolean;
    streamClosed(token: string): void;
  };
  /** `metrics`, with the bytes that are sent counted for the limit on the network. */
  counting(metrics: HubMetrics): HubMetrics;
  /** The limits in force, in words. */
  text(): string;
  /** Another event loop of this proxy has told what it admitted. */
  heard(admitted: Admitted): void;
  /** Another event loop is gone with its streams. */
  gone(loop: number): void;
  /** Another event loop has come, and is to be told all that was admitted here. */
  newcomer(): void;
}

/** Which of several event loops of one proxy this process is. */
export interface LoopPlace {
  readonly loop: number;
  readonly loops: number;
  /** Tells the other loops what was admitted here. */
  readonly tell: (admitted: Admitted) => void;
}

export interface LimitsParts {
  readonly live: LiveConfig;
  readonly log: Log;
  /** Absent: this process is the whole proxy. */
  readonly place?: LoopPlace | undefined;
  /** Bytes that this process uses. */
  readonly memory: () => number;
}

type Room = (streamsElsewhere: number) => EffectiveLimits;

/** The limits as they are beside so many streams on other loops. */
const roomOf = (live: LiveConfig, loops: number): Room => {
  const system = { openFiles: readOpenFileLimit(), memory: memoryOfLoop(memoryLimit(), loops) };
  return (streamsElsewhere) => {
    const { http, limits } = live.current();
    return effectiveLimits(Math.max(0, http.maxConnections - streamsElsewhere), limits, system);
  };
};

/** Computed once for each configuration and each number of streams elsewhere, since it is asked for with every stream. */
const limitsOf = (live: LiveConfig, room: Room, elsewhere: () => number): (() => EffectiveLimits) => {
  let [beside, inForce] = [0, room(0)];
  live.onChange(() => {
    inForce = room(beside);
  });
  return () => {
    if (elsewhere() !== beside) {
      beside = elsewhere();
      inForce = room(beside);
    }
    return inForce;
  };
};

const quotasOf = (live: LiveConfig, shared: SharedUse | undefined) => {
  const publishes = new RateLimiter({
    now: () => performance.now(),
    remembered: 10_000,
    onTaken: shared && ((publisher) => shared.publisherTaken(publisher)),
    rate: () => {
      const { publishRatePerKey } = live.current().http;
      return publishRatePerKey === 0 ? undefined : { limit: publishRatePerKey, windowMs: 1_000 };
    },
  });
  const limit = () => live.current().http.maxStreamsPerToken;
  const streams = new TokenStreams({
    limit,
    elsewhere: shared && ((token) => shared.ofToken(token)),
    onChange:
      shared &&
      ((token, open) => {
        if (limit() > 0) shared.tokenChanged(token, open);
      }),
  });
  // The others hold every token that they are told: without a limit there is no need for it.
  const tellAll = (): void => shared?.tellAgain(limit() > 0 ? streams.all() : []);
  let before = limit();
  live.onChange(() => {
    if (before === 0 && limit() > 0) tellAll();
    before = limit();
  });
  return { publishes, streams, tellAll };
};

/** `metrics`, with what limits need to know of it told. */
const counted = (metrics: HubMetrics, shared: SharedUse | undefined, sent: (bytes: number) => void): HubMetrics => {
  const counting: HubMetrics = {
    ...metrics,
    sent: (messages, bytes) => {
      sent(bytes);
      metrics.sent(messages, bytes);
    },
  };
  if (shared === undefined) return counting;
  return {
    ...counting,
    streamOpened: () => {
      shared.streamsChanged(1);
      metrics.streamOpened();
    },
    streamClosed: (seconds, stalled) => {
      shared.streamsChanged(-1);
      metrics.streamClosed(seconds, stalled);
    },
  };
};

/** The limits in force, in words. */
export const limitsSentence = (limits: EffectiveLimits): string =>
  `At most ${limits.maxConnections} streams (set by ${limits.by}); new ones are refused above ${limitsText(limits)}`;

/** The limits of so many event loops together; each process has its own limit on open files. */
export const limitsOfLoops = (live: LiveConfig, loops: number): (() => EffectiveLimits) => {
  const room = roomOf(live, 1);
  return () => {
    const one = room(0);
    const files = one.fileDescriptors;
    const possible = one.by === "open files" ? one.maxConnections * loops : Number.POSITIVE_INFINITY;
    const { maxConnections } = live.current().http;
    return {
      ...one,
      maxConnections: Math.min(possible, maxConnections),
      by: possible < maxConnections ? "open files" : "max_connections",
      fileDescriptors: files === undefined ? undefined : files * loops,
    };
  };
};

export const buildLimits = ({ live, log, place, memory }: LimitsParts): Limits => {
  const shared = place === undefined ? undefined : new SharedUse({ ...place, clock: systemClock });
  const room = roomOf(live, place?.loops ?? 1);
  const inForce = limitsOf(live, room, () => shared?.streamsElsewhere ?? 0);
  let bytesSent = 0;
  const usage = new UsageWatch({ limits: inForce, memory, bytesSent: () => bytesSent, log });
  const { publishes, streams, tellAll } = quotasOf(live, shared);
  const admission = new Admission({
    settings: () => live.current().http,
    fullOf: () => usage.fullOf,
    now: () => performance.now(),
    log,
    onTaken: shared && ((client) => shared.clientTaken(client)),
  });
  return {
    inForce,
    quotas: {
      publish: (publisher) => publishes.take(publisher),
      stream: (token) => streams.take(token),
      streamClosed: (token) => streams.release(token),
    },
    usage,
    admission,
    counting: (metrics) =>
      counted(metrics, shared, (bytes) => {
        bytesSent += bytes;
      }),
    text: () => limitsSentence(inForce()),
    heard: (admitted) => {
      shared?.heard(admitted);
      for (const client of admitted.clients) admission.takenElsewhere(client);
      for (const publisher of admitted.publishers) publishes.takenElsewhere(publisher);
    },
    gone: (loop) => shared?.gone(loop),
    newcomer: tellAll,
  };
};
