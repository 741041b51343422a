import { z } from "zod";
import { operated } from "./key.ts";

/** http or https, without user name or password: those would show where the configuration is shown. */
export const tracingEndpoint = z
  .string()
  .max(512)
  .regex(
    /^https?:\/\/[^\s@?#]+$/,
    "must be http://host:port or https://host:port, without user name, password or query",
  );

/** `[tracing]`: OpenTelemetry traces over OTLP/HTTP. Without an endpoint nothing of it is loaded. */
export const tracingSection = z
  .strictObject({
    endpoint: operated(
      tracingEndpoint.optional(),
      "Base URL of an OTLP/HTTP receiver such as http://collector:4318; spans are posted to its /v1/traces. Unset: no tracing.",
    ),
    ratio: operated(
      z.number().min(0).max(1).default(0.01),
      "Share of the requests that are traced, among those whose caller has not decided it (or may not, see trust_parent).",
    ),
    trustParent: operated(
      z.boolean().default(false),
      "Whether a caller's sampled flag in `traceparent` decides that the request is traced, or is not. Otherwise only its trace id is taken over.",
    ),
    serviceName: operated(z.string().min(1).max(128).default("revenprox"), "`service.name` of every span."),
    headersFile: operated(
      z.string().min(1).optional(),
      "File with `Name: value` lines that are sent with every batch of spans, for example an API key. Read anew for each batch.",
    ),
    maxQueueSpans: operated(
      z.int().min(1).max(100_000).default(2_048),
      "Spans that wait for the receiver at most; more are dropped and counted.",
    ),
    exportIntervalMs: operated(
      z.int().min(100).max(60_000).default(5_000),
      "Milliseconds between two batches of spans.",
    ),
    timeoutMs: operated(
      z.int().min(100).max(60_000).default(10_000),
      "Milliseconds after which a batch is given up, repetitions included.",
    ),
  })
  .prefault({})
  .describe("OpenTelemetry traces over OTLP/HTTP.");
