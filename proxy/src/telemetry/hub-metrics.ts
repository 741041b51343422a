import type { HubMetrics } from "../hub/ports.ts";
import type { Instruments } from "./instruments.ts";

/** The hub's counts as instruments. */
export const hubMetrics = (instruments: Instruments): HubMetrics => ({
  streamOpened: () => {
    instruments.connections_active.inc();
    instruments.connections_total.inc();
  },
  streamClosed: (seconds, stalled) => {
    if (stalled) instruments.slow_clients_closed_total.inc();
    instruments.connections_active.dec();
    instruments.connection_duration_seconds.observe(seconds);
  },
  sent: (messages, bytes) => {
    if (messages > 0) instruments.messages_sent_total.inc(messages);
    instruments.bytes_sent_total.inc(bytes);
  },
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
