import type { Row } from "./frame.ts";
import { lines } from "./panels.ts";
import { bucket, metric, perSecond, perSecondLong, quantile } from "./queries.ts";

/** The seed's dashboard "Message Throughput": its three panels first. */
export const messageThroughput: readonly Row[] = [
  {
    title: "Messages",
    panels: [
      lines(
        { title: "Messages/sec", description: "Messages written to streams each second.", unit: "cps" },
        [{ expr: perSecond(metric("messages_sent_total")), legend: "{{pod}}" }],
        3,
      ),
      lines(
        { title: "Bytes/sec", description: "Bytes of event stream handed to sockets each second.", unit: "Bps" },
        [{ expr: perSecond(metric("bytes_sent_total")), legend: "{{pod}}" }],
        3,
      ),
      lines(
        {
          title: "Message Latency P99",
          description:
            "From the acceptance of a message to its write to the socket, over the last minutes. (The quantile is taken over the rate of the buckets, not over the buckets themselves, which would be the whole life of the process.)",
          unit: "ms",
        },
        [
          { expr: quantile(0.99, bucket("message_latency_ms"), ", pod"), legend: "{{pod}}" },
          { expr: quantile(0.99, bucket("message_latency_ms")), legend: "all" },
        ],
        3,
      ),
    ],
  },
  {
    title: "Losses",
    panels: [
      lines(
        {
          title: "Drops by Reason",
          description: "Messages dropped for a connection each second, and told to it as a gap.",
          unit: "cps",
        },
        [{ expr: `sum by (reason) (${perSecondLong(metric("drops_total"))})`, legend: "{{reason}}" }],
      ),
      lines(
        {
          title: "Gaps, Holes and Late Messages",
          description:
            "Gaps told to clients; messages lost on the way and fetched from the journal; messages that came late.",
          unit: "cps",
        },
        [
          { expr: `sum(${perSecondLong(metric("gaps_told_total"))})`, legend: "gaps told" },
          { expr: `sum(${perSecondLong(metric("holes_filled_total"))})`, legend: "holes filled" },
          { expr: `sum(${perSecondLong(metric("late_messages_total"))})`, legend: "late" },
          { expr: `sum(${perSecondLong(metric("malformed_messages_total"))})`, legend: "malformed" },
        ],
      ),
    ],
  },
  {
    title: "Publishing and the journal",
    panels: [
      lines(
        {
          title: "Publish Duration",
          description: "From a request read whole to the answer of the journal.",
          unit: "s",
        },
        [
          { expr: quantile(0.5, bucket("publish_duration_seconds")), legend: "p50" },
          { expr: quantile(0.99, bucket("publish_duration_seconds")), legend: "p99" },
        ],
      ),
      lines(
        {
          title: "Journal",
          description: "Share of its bytes that the journal holds; at 100 % the oldest events go before their age.",
          unit: "percentunit",
        },
        [
          {
            expr: `max(${metric("journal_bytes")} / (${metric("journal_limit_bytes")} > 0))`,
            legend: "full",
          },
        ],
      ),
      lines({ title: "Journal Lag", description: "Seconds since each proxy last heard of the journal.", unit: "s" }, [
        { expr: metric("journal_lag_seconds"), legend: "{{pod}}" },
      ]),
      lines(
        {
          title: "Replays",
          description: "Reads of the journal for streams that came back: running, and waiting.",
          unit: "short",
        },
        [
          { expr: `sum(${metric("replays_running")})`, legend: "running" },
          { expr: `sum(${metric("replays_waiting")})`, legend: "waiting" },
        ],
      ),
      lines(
        {
          title: "Queue",
          description: "Bytes of encoded events in memory for streams that are behind or come back, and the bound.",
          unit: "bytes",
        },
        [
          { expr: metric("queue_bytes"), legend: "{{pod}}" },
          { expr: `max(${metric("queue_limit_bytes")})`, legend: "bound" },
        ],
      ),
      lines(
        {
          title: "State Messages",
          description: "Messages about topics and streams that proxies send each other.",
          unit: "cps",
        },
        [{ expr: perSecondLong(metric("sync_messages_sent")), legend: "{{pod}}" }],
      ),
    ],
  },
];
