import type { Bus } from "./bus.ts";
import { version } from "./config/version.ts";
import type { Hub } from "./hub/hub.ts";
import { followed, type Soon } from "./hub/soon.ts";
import { watchEventLoopLag } from "./telemetry/event-loop-lag.ts";
import type { Metrics } from "./telemetry/scrape.ts";

export interface GaugeParts {
  readonly metrics: Metrics;
  readonly hub: Pick<Hub, "stats" | "degraded" | "load">;
  readonly bus: Pick<Bus, "refreshGauges" | "troubles">;
}

/** Has the gauges read at each scrape; nothing that is read grows with streams or topics. */
export const feedGauges = ({ metrics, hub, bus }: GaugeParts): { stop(): void } => {
  const { instruments } = metrics;
  const lag = watchEventLoopLag();
  instruments.build_info.set({ version: version() }, 1);
  metrics.beforeScrape(() => {
    const { topics, effectiveMax } = hub.stats();
    const { ringBytes, ringBytesMax, blocked, replays, replaysWaiting } = hub.load();
    instruments.topics_active.set(topics);
    instruments.connections_limit.set(effectiveMax);
    instruments.degraded.set(hub.degraded.length + bus.troubles().length > 0 ? 1 : 0);
    instruments.queue_bytes.set(ringBytes);
    instruments.queue_limit_bytes.set(ringBytesMax);
    instruments.streams_blocked.set(blocked);
    instruments.replays_running.set(replays);
    instruments.replays_waiting.set(replaysWaiting);
    instruments.event_loop_lag_seconds.set(lag.seconds());
    bus.refreshGauges();
  });
  return lag;
};

type Publishing = Pick<Hub, "open" | "publish" | "publishBatch">;

/** `hub`, with the seconds told that each publish took, whatever came of it. */
export const timedPublishing = (hub: Publishing, took: (seconds: number) => void): Publishing => {
  const timed = <R>(begun: number, result: Soon<R>): Soon<R> =>
    followed(result, () => took((performance.now() - begun) / 1_000));
  return {
    open: (request, sink) => hub.open(request, sink),
    publish: (topicId, event, messageId) => timed(performance.now(), hub.publish(topicId, event, messageId)),
    publishBatch: async (topicId, lines) => timed(performance.now(), hub.publishBatch(topicId, lines)),
  };
};
