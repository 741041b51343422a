import type { Answer } from "../http/answer.ts";
import { corsHeaders } from "./cors.ts";
import type { Exchange } from "./exchange.ts";

/** Seconds a browser may keep the answer; Chromium takes at most two hours. */
const maxAgeSec = 7_200;

/** Those that are read, and what OpenTelemetry in a page sends along with traceparent. */
const allowedHeaders =
  "authorization, cache-control, content-type, idempotency-key, last-event-id, traceparent, tracestate, baggage";

/** OPTIONS on a known path: CORS preflight, and the Allow header for everybody else. */
export const preflightRoute =
  (corsAllowedOrigins: () => string, methods: string) =>
  (exchange: Exchange): Answer => ({
    status: 204,
    headers: [
      ["Allow", methods],
      ["Access-Control-Allow-Methods", methods],
      ["Access-Control-Allow-Headers", allowedHeaders],
      ["Access-Control-Max-Age", String(maxAgeSec)],
      ...corsHeaders(corsAllowedOrigins(), exchange.header("origin")),
    ],
    body: "",
  });
