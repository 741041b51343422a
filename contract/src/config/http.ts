import { z } from "zod";
import { addressRange, cold, hostAndPort, live, operated } from "./key.ts";

/** `[http]`: the data plane that clients and publishers meet. */
export const httpSection = z
  .strictObject({
    bindAddress: operated(
      hostAndPort.default("0.0.0.0:8080"),
      "Address of the data plane. With no publish key and without allow_unauthenticated the host is replaced by 127.0.0.1.",
    ),
    engine: cold(
      z.enum(["uws", "node"]).default("uws"),
      "HTTP engine of the data plane: `uws` (uWebSockets.js) is the faster one and holds more streams in the same memory; `node` (node:http) needs no native code and also speaks HTTP/1.0.",
    ),
    threadPoolSize: cold(
      z.int().min(0).max(64).default(1),
      "Event loops that share the data plane's port, each a process of its own on a core of its own; more than one need nats.servers. 0: as many as the process has cores, one without NATS.",
    ),
    tlsCertFile: operated(
      z.string().min(1).optional(),
      "File with the certificate chain (PEM) of the data plane; together with tls_key_file it makes the plane HTTPS. New connections are shown a changed certificate, open streams go on.",
    ),
    tlsKeyFile: operated(
      z.string().min(1).optional(),
      "File with the private key (PEM, no passphrase) of tls_cert_file.",
    ),
    maxRequestLineSize: cold(
      z.int().min(1_024).max(65_536).default(8_192),
      "Bytes of method, target and version of a request; longer ones are refused with 414.",
    ),
    maxHeaderSize: cold(
      z.int().min(1_024).max(65_536).default(8_192),
      "Bytes of all headers of a request together; more are refused with 431.",
    ),
    maxHeaders: cold(
      z.int().min(10).max(98).default(98),
      "Headers of a request; more are refused with 431. The engine uws has room for 98.",
    ),
    allowUnauthenticated: cold(
      z.boolean().default(false),
      "Let anybody publish on a non-loopback address although no publish key is set.",
    ),
    publishKeysDir: operated(
      z.string().min(1).optional(),
      "Folder with one file a publish key: the file's name is the key's id, its content the secret alone, or TOML or JSON with secret, topics (names, or prefixes that end in `*`) and expires (RFC 3339). Read anew when a file changes.",
    ),
    maxConnections: live(
      z.int().min(1).max(10_000_000).default(100_000),
      "Open streams this proxy accepts; the effective limit is lower where the open-file limit is (shown at start and in /api/v1/connections).",
    ),
    keepaliveIntervalSec: live(
      z.int().min(1).max(3_600).default(15),
      "Seconds of silence after which a stream gets a comment line, so that no middlebox cuts it.",
    ),
    retryMs: live(
      z.int().min(1_000).max(60_000).default(2_000),
      "Milliseconds a client waits before it reconnects (the `retry:` field of the first chunk).",
    ),
    batchWindowMs: live(
      z.int().min(0).max(100).default(0),
      "Milliseconds in which a stream gets one write of all that came for it; what comes after a quiet window goes out at once. Events that share a write cost less CPU, for at most so much more latency. 0: one write a turn of the event loop.",
    ),
    maxEventSize: live(
      z.int().min(1_024).max(8_388_608).default(262_144),
      "Largest body of one published event, in bytes; larger ones are refused with 413.",
    ),
    maxBatchEvents: live(
      z.int().min(1).max(10_000).default(1_000),
      "Most events of one application/x-ndjson publish; larger batches are refused with 413. Up to 1000 a NATS journal stores all of them or none.",
    ),
    maxTopicsPerStream: live(
      z.int().min(1).max(1_000).default(100),
      "Topics that one stream may name (`/events?topic=a&topic=b`).",
    ),
    maxReplayEvents: live(
      z.int().min(1).max(100_000).default(1_000),
      "Events of the past that `?last=` may ask for, over all topics of the stream; a larger number is refused with 400.",
    ),
    corsAllowedOrigins: live(
      z
        .string()
        .regex(
          /^(\*|https?:\/\/[^\s,*]+(\s*,\s*https?:\/\/[^\s,*]+)*)$/,
          "must be * or a comma-separated list of origins",
        )
        .default("*"),
      "Origins whose pages may read streams: `*`, or a comma-separated list such as `https://app.example.com`.",
    ),
    rateLimitPerIp: live(
      z.int().min(0).max(10_000_000).default(0),
      "New streams and publishes one client address may ask for in rate_limit_window_sec, at once or spread over it; more are answered with 429. IPv6 counts by /64. 0: no limit. Behind a load balancer that is not in trusted_proxies all clients share one address.",
    ),
    rateLimitWindowSec: live(z.int().min(1).max(86_400).default(60), "Seconds that rate_limit_per_ip is counted over."),
    trustedProxies: live(
      z.array(addressRange).max(64).default([]),
      "Addresses and ranges of load balancers whose X-Forwarded-For, Forwarded and PROXY protocol v2 are believed: the client is the rightmost address that is not one of them. From anybody else the headers are ignored and PROXY protocol is refused. Where the plane has TLS, only the engine node understands PROXY protocol.",
    ),
    publishRatePerKey: live(
      z.int().min(0).max(10_000_000).default(0),
      "Publishes each second that one publish key or token may send, a batch counting as one; more are answered with 429. 0: no limit.",
    ),
    maxStreamsPerToken: live(
      z.int().min(0).max(10_000_000).default(0),
      "Streams that may be open on this proxy with one token; more are answered with 429. 0: no limit.",
    ),
    eventsourceSoftRefusals: live(
      z.boolean().default(false),
      "Answer a browser's EventSource with 200, a jittered `retry:` and a revenprox.error event instead of 429 or 503, on which it would give up for good. A proxy that shuts down does so whatever is set here. Recognised by Accept, Sec-Fetch-Dest: empty and no Authorization.",
    ),
    maxMessageQueueSize: live(
      z.int().min(1).max(1_000_000).default(1_000),
      "Events a stream that had reached the newest one may be behind before backpressure_policy drops some; a client that takes nothing at all is cut after slow_client_timeout_sec.",
    ),
    slowClientTimeoutSec: live(
      z.int().min(1).max(3_600).default(30),
      "Seconds after which a stream is cut whose client takes nothing of what waits for it. It comes back by itself, as after any lost connection, with the id of the last event that it has.",
    ),
    backpressurePolicy: cold(
      z.enum(["block", "drop_oldest", "drop_newest"]).optional(),
      "What happens to a stream that is further behind than max_message_queue_size. block: nothing is dropped, it goes on from the journal for as long as that reaches back; drop_oldest: it skips to the newest events; drop_newest: it keeps the oldest and skips those after them. What is skipped is told by a revenprox.gap event. Unset: block, or drop_oldest without a journal.",
    ),
    maxConnectionAgeSec: live(
      z.int().min(0).max(31_536_000).default(0),
      "Seconds after which a stream is ended so that its client connects anew, give or take 10 %; looked at once in each keepalive interval. 0: never.",
    ),
    allowQueryToken: live(
      z.boolean().default(true),
      "Accept a token in `?token=` where there is no Authorization header, for browsers' EventSource, which cannot send one. The proxy never logs it; what stands before the proxy may.",
    ),
    shutdownGracePeriodSec: cold(
      z.int().min(10).max(3_600).default(30),
      "Seconds between SIGTERM and the kill; the last stream is ended 5 seconds before it. The operator also makes it the pod's grace period.",
    ),
    drainRatePerSec: live(
      z.int().min(1).max(1_000_000).default(500),
      "Streams ended each second at shutdown. Raised by itself when the grace period would not suffice.",
    ),
  })
  .prefault({})
  .describe("The data plane that clients and publishers meet.");
