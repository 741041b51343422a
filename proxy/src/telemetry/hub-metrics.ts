import type { HubMetrics } from "../hub/ports.ts";
import type { Metrics } from "./scrape.ts";
import { tallied } from "./tallied.ts";

const sentCounts = ({
  instruments,
  beforeScrape,
}: Pick<Metrics, "instruments" | "beforeScrape">): HubMetrics["sent"] => {
  const addMessages = tallied(beforeScrape, instruments.messages_sent_total);
  const addBytes = tallied(beforeScrape, instruments.bytes_sent_total);
  return (messages, bytes) => {
    addMessages(messages);
    addBytes(bytes);
  };
};

/** The hub's counts as instruments. */
export const hubMetrics = (metrics: Pick<Metrics, "instruments" | "beforeScrape">): HubMetrics =>
  countedIn(metrics.instruments, sentCounts(metrics));

const countedIn = (instruments: Metrics["instruments"], sent: HubMetrics["sent"]): HubMetrics => ({
  streamOpened: () => {
    instruments.connections_active.inc();
    instruments.connections_total.inc();
  },
  streamClosed: (seconds, stalled) => {
    if (stalled) instruments.slow_clients_closed_total.inc();
    instruments.connections_active.dec();
    instruments.connection_duration_seconds.observe(seconds);
  },
  sent,
  latency: (milliseconds) => instruments.message_latency_ms.observe(Math.max(0, milliseconds)),
  dropped: (messages, reason = "expired") => {
    instruments.messages_dropped_total.inc(messages);
    instruments.drops_total.inc({ reason }, messages);
  },
  gapTold: () => instruments.gaps_told_total.inc(),
  holeFilled: (messages) => instruments.holes_filled_total.inc(messages),
  resumed: (result) => instruments.resumes_total.inc({ result }),
  foundLate: (messages) => instruments.late_messages_total.inc(messages),
  moved: (streams, reason) => instruments.streams_moved_total.inc({ reason }, streams),
});
