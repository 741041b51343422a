import type { HubMetrics } from "../hub/ports.ts";
import type { Metrics } from "./scrape.ts";

/** What was sent, in plain numbers until the scrape: the instruments cost more than a write does without them. */
const sentCounts = ({ instruments, beforeScrape }: Pick<Metrics, "instruments" | "beforeScrape">): HubMetrics["sent"] => {
  let [newMessages, newBytes] = [0, 0];
  beforeScrape(() => {
    instruments.messages_sent_total.inc(newMessages);
    instruments.bytes_sent_total.inc(newBytes);
    [newMessages, newBytes] = [0, 0];
  });
  return (messages, bytes) => {
    newMessages += messages;
    newBytes += bytes;
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
