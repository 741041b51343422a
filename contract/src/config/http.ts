import { z } from "zod";
import { cold, hostAndPort, live, operated } from "./key.ts";

/** `[http]`: the data plane that clients and publishers meet. */
export const httpSection = z
  .strictObject({
    bindAddress: operated(
      hostAndPort.default("0.0.0.0:8080"),
      "Address of the data plane. With no publish key and without allow_unauthenticated the host is replaced by 127.0.0.1.",
    ),
    allowUnauthenticated: cold(
      z.boolean().default(false),
      "Let anybody publish on a non-loopback address although no publish key is set.",
    ),
    publishKeysDir: operated(
      z.string().min(1).optional(),
      "Folder with one file a publish key: the file's name is the key's id, its content the secret. Read anew when a file changes.",
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
    maxEventSize: live(
      z.int().min(1_024).max(8_388_608).default(262_144),
      "Largest body of one published event, in bytes; larger ones are refused with 413.",
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
