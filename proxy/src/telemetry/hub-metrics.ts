import type { HubMetrics } from "../hub/ports.ts";
import type { Metrics } from "./scrape.ts";

export type HubMetricsParts = Pick<Metrics, "instruments" | "beforeScrape" | "tallied">;

const streamMetrics = ({
  instruments,
  beforeScrape,
  tallied,
}: HubMetricsParts): Pick<HubMetrics, "streamOpened" | "streamClosed"> => {
  const streamOpened = tallied(instruments.connections_total);
  let open = 0;
  beforeScrape(() => instruments.connections_active.set(open));
  return {
    streamOpened: () => {
      open += 1;
      streamOpened();
    },
    streamClosed: (seconds, stalled) => {
      if (stalled) instruments.slow_clients_closed_total.inc();
      open -= 1;
      instruments.connection_duration_seconds.observe(seconds);
    },
  };
};

const sentCounts = ({ instruments, tallied }: HubMetricsParts): HubMetrics["sent"] => {
  const addMessages = tallied(instruments.messages_sent_total);
  const addBytes = tallied(instruments.bytes_sent_total);
  return (messages, bytes) => {
    addMessages(messages);
    addBytes(bytes);
  };
};

/** The hub's counts as instruments. */
export const hubMetrics = ({ instruments, ...reading }: HubMetricsParts): HubMetrics => ({
  ...streamMetrics({ instruments, ...reading }),
  sent: sentCounts({ instruments, ...reading }),
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
