import type { Admitted } from "./admission/shared-use.ts";
import { accessOf, buildServing, type Serving } from "./compose-serving.ts";
import { topicsAfter } from "./compose-topics.ts";
import { addressText } from "./config/listen-address.ts";
import { ReceivedConfig } from "./config/received-config.ts";
import type { TopicId } from "./hub/event.ts";
import { type Answering, CallLine } from "./loops/call-line.ts";
import type { LoopCalls, LoopStart, LoopState, SupervisorCalls } from "./loops/loop-calls.ts";
import { loopName } from "./mesh/state/pods.ts";
import { shutDown } from "./shut-down.ts";
import { systemClock } from "./system-clock.ts";
import { createLogger, type LeveledLog } from "./telemetry/logger.ts";
import type { MetricValues } from "./telemetry/scrape.ts";

/** What loop and supervisor of this build ask each other. */
type TypedLoopCalls = LoopCalls<Admitted, MetricValues>;
type TypedSupervisorCalls = SupervisorCalls<Admitted>;

export interface LoopHost {
  /** Hands a message to the channel to the supervisor. */
  readonly send: (message: unknown) => void;
  /** Nothing is left to do: ends the process. */
  readonly end: () => void;
}

/** Milliseconds in which changed audiences are gathered for the supervisor. */
const gatherMs = 100;
/** The supervisor asks all loops itself. */
const patienceMs = 2_000;

const stateOf = ({ hub, bus, state, auth }: Serving): LoopState => ({
  health: state.health(),
  notReady: state.notReady(),
  stats: hub.stats(),
  moves: hub.moves(),
  journalConnected: bus.journal.connected,
  breaker: auth.breaker(),
  peers: bus.peers(),
});

/** Tells which topics have streams, once for all changes of a tenth of a second. */
const tellAudiences = (line: CallLine<TypedSupervisorCalls>, hub: () => Serving["hub"] | undefined) => {
  const changed = new Set<TopicId>();
  return (topicId: TopicId): void => {
    if (changed.size === 0)
      systemClock.after(gatherMs, () => {
        line.tell(
          "audiences",
          [...changed].map((one) => [one, (hub()?.subscribers(one) ?? 0) > 0] as const),
        );
        changed.clear();
      });
    changed.add(topicId);
  };
};

interface Running {
  readonly live: ReceivedConfig;
  readonly log: LeveledLog;
  readonly serving: Serving;
  shutDown(): Promise<void>;
}

const startLoop = async (
  { config, proxyId, loop, loops, port, logLevel }: LoopStart,
  line: CallLine<TypedSupervisorCalls>,
): Promise<Running> => {
  const live = new ReceivedConfig(config);
  const base = { bind_address: addressText({ ...accessOf(config).address, port }), proxy_id: proxyId, loop };
  const log = createLogger({ level: logLevel, format: config.logFormat, base });
  let hub: Serving["hub"] | undefined;
  const serving = await buildServing({
    live,
    log,
    proxyId: loopName(proxyId, loop),
    onAudience: tellAudiences(line, () => hub),
    place: { loop, loops, port, tell: (admitted) => line.tell("admitted", admitted) },
  });
  hub = serving.hub;
  await serving.auth.start();
  const edge = await serving.open({
    // A supervisor that is busy or gone is told by its own ways; what is asked here is answered by what this loop knows.
    health: () => line.ask("health", undefined, patienceMs).catch(() => serving.state.health()),
    metrics: config.metricsEnabled ? () => line.ask("metrics", undefined, patienceMs) : undefined,
  });
  // The supervisor tells what everybody should read.
  const parts = { ...serving.stopping(edge), management: { close: () => Promise.resolve() } };
  return { live, log, serving, shutDown: () => shutDown({ ...parts, log: { ...log, info: log.debug } }) };
};

/** What one event loop of a proxy answers its supervisor. */
const answersOf = (
  begin: (start: LoopStart) => Promise<void>,
  running: () => Running,
  shutDownLoop: () => Promise<void>,
): Answering<TypedLoopCalls> => {
  const hub = () => running().serving.hub;
  return {
    start: async (start) => {
      await begin(start);
      return undefined;
    },
    state: () => stateOf(running().serving),
    queues: () => hub().queues(),
    topics: ({ after, most }) => topicsAfter(hub(), after, most),
    subscribers: (topicId) => hub().subscribers(topicId),
    elsewhere: (topicId) => running().serving.bus.audience(topicId),
    metrics: () => running().serving.metrics.values(),
    shed: (shed) => hub().shed(shed),
    drain: async () => {
      await running().serving.draining.done();
      return undefined;
    },
    shutDown: async () => {
      await shutDownLoop();
      return undefined;
    },
    configure: (config) => {
      running().live.replace(config);
      return undefined;
    },
    logLevel: (level) => {
      running().log.setLevel(level);
      return undefined;
    },
    admitted: (admitted) => {
      running().serving.limits.heard(admitted);
      return undefined;
    },
    gone: (loop) => {
      running().serving.limits.gone(loop);
      return undefined;
    },
    newcomer: () => {
      running().serving.limits.newcomer();
      return undefined;
    },
  };
};

/** An event loop of a proxy: begins when its supervisor says so, and does what that asks. */
export const serveLoop = ({ send, end }: LoopHost) => {
  let running: Running | undefined;
  const sure = (): Running => {
    if (running === undefined) throw new Error("the event loop has not begun");
    return running;
  };
  const begin = async (start: LoopStart): Promise<void> => {
    running = await startLoop(start, line);
  };
  const tell = (what: string, fault: unknown): void =>
    (running?.log ?? console).error(
      `${what}: ${fault instanceof Error ? (fault.stack ?? fault.message) : String(fault)}`,
    );
  const onFault = (fault: unknown): void => tell("What the supervisor said cannot be done", fault);
  const line = new CallLine<TypedSupervisorCalls>(
    { send, after: systemClock.after, onFault },
    answersOf(begin, sure, async () => {
      await running?.shutDown();
      end();
    }),
  );
  return {
    receive: (message: unknown) => line.receive(message),
    failed: (fault: unknown) => tell("Stopped by a fault in the proxy", fault),
  };
};
