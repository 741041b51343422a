import { z } from "zod";
import { tracingEndpoint } from "../config/tracing.ts";
import { objectName } from "./structural.ts";

/** `spec.tracing`: section `[tracing]` of every proxy. */
export const tracing = z.strictObject({
  endpoint: tracingEndpoint.describe(
    "Base URL of an OTLP/HTTP receiver such as http://collector.observability:4318; spans are posted to its /v1/traces.",
  ),
  ratio: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe("Share of the requests that are traced, among those whose caller does not decide it. Default: 0.01."),
  trustParent: z
    .boolean()
    .optional()
    .describe("Whether a caller's sampled flag in traceparent decides that a request is traced. Default: false."),
  serviceName: z.string().min(1).max(128).optional().describe("service.name of every span. Default: revenprox."),
  headersSecret: objectName
    .optional()
    .describe(
      "Secret in this namespace whose key headers holds `Name: value` lines that are sent with every batch of spans.",
    ),
  maxQueueSpans: z
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .describe("Spans of a proxy that wait for the receiver at most; more are dropped. Default: 2048."),
  exportIntervalMs: z
    .int()
    .min(100)
    .max(60_000)
    .optional()
    .describe("Milliseconds between two batches of spans. Default: 5000."),
  timeoutMs: z
    .int()
    .min(100)
    .max(60_000)
    .optional()
    .describe("Milliseconds after which a batch is given up. Default: 10000."),
});
