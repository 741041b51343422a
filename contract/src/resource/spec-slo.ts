import { z } from "zod";
import { latencyEdges } from "../slo/objectives.ts";
import { withRules } from "./structural.ts";

const targetPercent = (what: string, fallback: number) =>
  z.number().min(95).max(99.999).optional().describe(`${what} Default: ${fallback}.`);

const edgeList = latencyEdges.join(", ");

/** A CEL list of doubles: the API server compares a number with nothing else. */
const celEdges = latencyEdges.map((edge) => (Number.isInteger(edge) ? `${edge}.0` : String(edge))).join(", ");

const thresholdMs = withRules(
  z
    .number()
    .refine((value) => latencyEdges.includes(value), `must be one of ${edgeList}`)
    .optional()
    .describe(
      `Milliseconds a delivery may take: an upper edge of the histogram message_latency_ms, since only there the share is exact (${edgeList}). Default: 100.`,
    ),
  [{ rule: `self in [${celEdges}]`, message: `must be an upper edge of message_latency_ms: ${edgeList}` }],
);

/** `spec.slo`: the seed's three objectives over 30 days. */
export const slo = z.strictObject({
  enabled: z
    .boolean()
    .optional()
    .describe("Whether there are recording rules and burn-rate alerts for the objectives. Default: true."),
  availability: z
    .strictObject({
      targetPercent: targetPercent("Percent of scrapes, and of requests, that find the service there.", 99.9),
    })
    .optional()
    .describe("How much of the time the service is there."),
  latency: z
    .strictObject({
      targetPercent: targetPercent("Percent of deliveries that take at most thresholdMs.", 99),
      thresholdMs,
    })
    .optional()
    .describe("How fast messages reach their streams."),
  errors: z
    .strictObject({
      maxPercent: z
        .number()
        .min(0.001)
        .max(5)
        .optional()
        .describe("Percent of requests that may fail (5xx). Default: 0.1."),
    })
    .optional()
    .describe("How many requests fail."),
});
