import { hostname } from "node:os";
import { extname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Admitted } from "./admission/shared-use.ts";
import { countDescriptors } from "./admission/usage-meter.ts";
import { buildTokens, type ProxyParts } from "./compose.ts";
import { limitsOfLoops, limitsSentence } from "./compose-admission.ts";
import { buildLoopsManagement, type Supervised } from "./compose-loops-management.ts";
import { accessOf, followLogLevel, tellStart } from "./compose-serving.ts";
import { certificateOf, followCertificate } from "./compose-tls.ts";
import { listenAddress } from "./config/listen-address.ts";
import { version } from "./config/version.ts";
import type { Answering } from "./loops/call-line.ts";
import type { SupervisorCalls } from "./loops/loop-calls.ts";
import { configOfLoop } from "./loops/loop-config.ts";
import { LoopFleet } from "./loops/loop-fleet.ts";
import { forkLoop } from "./loops/loop-process.ts";
import { claimPort } from "./loops/port-claim.ts";
import { SupervisedState } from "./loops/supervised-state.ts";
import { TopicUnion } from "./loops/topic-union.ts";
import { openManagement } from "./management/open-management.ts";
import { useCertificate } from "./management/secure-server.ts";
import { createDraining, type RunningProxy } from "./shut-down.ts";
import { systemClock } from "./system-clock.ts";
import { residentMemory } from "./telemetry/memory-use.ts";
import { MergedMetrics } from "./telemetry/merged-metrics.ts";
import { createMetrics, type MetricValues } from "./telemetry/scrape.ts";

/** Milliseconds that a loop has for its metrics; those of one that is silent are told as they were. */
const scrapePatienceMs = 1_000;
/** Milliseconds beyond the end of a drain in which loops say that it is done. */
const drainSlackMs = 5_000;

const loopProgram = new URL(`./loop-main${extname(import.meta.url)}`, import.meta.url);

const text = (fault: unknown): string => (fault instanceof Error ? (fault.stack ?? fault.message) : String(fault));

type LoopAnswers = Answering<SupervisorCalls<Admitted>>;

interface LoopsParts extends ProxyParts {
  readonly loops: number;
  readonly port: number;
  readonly proxyId: string;
}

/** The loops, and what is known of all of them together. */
const supervise = (parts: LoopsParts): Supervised => {
  const { live, log, loops, port, proxyId } = parts;
  const metrics = createMetrics({ openDescriptors: countDescriptors, memory: residentMemory });
  const { instruments } = metrics;
  const merged = new MergedMetrics();
  const topics = new TopicUnion();
  const limits = limitsOfLoops(live, loops);
  const answersTo = (loop: number): LoopAnswers => ({
    health: async () => {
      await fleet.refresh();
      return state.health();
    },
    metrics: () => scrape(),
    admitted: (admitted) => {
      fleet.tell("admitted", admitted, loop);
      return undefined;
    },
    audiences: (changed) => {
      for (const [topicId, listened] of changed) topics.set(loop, topicId, listened);
      return undefined;
    },
  });
  const fleet = new LoopFleet<Admitted, MetricValues>({
    loops,
    fork: (loop) =>
      forkLoop<Admitted, MetricValues>({
        program: loopProgram,
        answers: answersTo(loop),
        after: systemClock.after,
        onFault: (fault) => log.error(`Event loop ${loop} was not understood: ${text(fault)}`),
      }),
    start: (loop) => ({
      config: configOfLoop(live.current(), loops),
      proxyId,
      loop,
      loops,
      port,
      logLevel: log.level(),
    }),
    after: systemClock.after,
    now: () => performance.now(),
    log,
    onGone: (loop) => {
      instruments.loops_restarted_total.inc();
      merged.ended(loop);
      topics.forget(loop);
      fleet.tell("gone", loop);
    },
    onServing: (loop) => fleet.tell("newcomer", undefined, loop),
  });
  const state = new SupervisedState({
    fleet,
    loops,
    topics: () => topics.size,
    effectiveMax: () => limits().maxConnections,
    now: systemClock.now,
  });
  instruments.build_info.set({ version: version() }, 1);
  metrics.beforeScrape(() => {
    instruments.connections_limit.set(limits().maxConnections);
    instruments.topics_active.set(topics.size);
  });
  const scrape = async () => {
    const [own, told] = await Promise.all([metrics.values(), fleet.askAll("metrics", undefined, scrapePatienceMs)]);
    return merged.scrape(own, told);
  };
  return { fleet, state, limits, scrape, instruments };
};

const closing =
  (
    { fleet, state }: Supervised,
    { log }: ProxyParts,
    rest: { readonly drained: () => Promise<void>; readonly close: () => Promise<void> },
  ) =>
  async (): Promise<void> => {
    log.info("Shutting down");
    state.draining();
    fleet.leave();
    await fleet.refresh();
    await rest.drained();
    fleet.tell("shutDown", undefined);
    await fleet.gone();
    await rest.close();
    log.info("Shut down");
  };

/** Starts so many event loops as processes of their own on one port, and serves the management plane for all of them. */
export const startLoops = async ({ live, log }: ProxyParts, loops: number): Promise<RunningProxy> => {
  const config = live.current();
  const proxyId = config.proxyId ?? hostname();
  const rule = accessOf(config);
  const claim = await claimPort({ ...rule.address, wait });
  const supervised = supervise({ live, log, loops, port: claim.port, proxyId });
  const { fleet, state, limits, instruments } = supervised;
  const tokens = buildTokens({ live, log });
  const certificate = await certificateOf(config.management);
  const draining = createDraining({
    hub: {
      drain: async ({ withinMs }) => {
        fleet.leave();
        await fleet.askAll("drain", undefined, withinMs + drainSlackMs);
      },
    },
    state,
    log,
    http: () => live.current().http,
  });
  const management = buildLoopsManagement({ ...supervised, live, log, proxyId, tokens, draining, certificate });
  await tokens.start();
  await openManagement(management, listenAddress(config.management.bindAddress), log);
  await fleet.open();
  state.listening();
  tellStart({ live, log, rule, limitsText: `${limitsSentence(limits())}; ${loops} event loops` }, claim.port);
  const stopFollowing = followLogLevel({ live, log });
  const stopTelling = live.onChange((changed) => fleet.tell("configure", configOfLoop(changed, loops)));
  const certificateWatch = followCertificate(certificate, (changed) => useCertificate(management.server, changed), log);
  return {
    configRefused: (refused) => instruments.config_rejected.set(refused ? 1 : 0),
    shutDown: closing(
      supervised,
      { live, log },
      {
        drained: () => draining.done(),
        close: async () => {
          for (const stop of [stopFollowing, stopTelling]) stop();
          tokens.stop();
          certificateWatch?.stop();
          claim.release();
          await management.close();
        },
      },
    ),
  };
};
