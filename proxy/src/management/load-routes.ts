import type { Health } from "../http/health.ts";
import type { HubStats } from "../hub/hub.ts";
import type { StreamMoves } from "../hub/open-streams.ts";
import type { Shed } from "../hub/shed.ts";
import { type ApiRoute, count, listOf, ok, record, text } from "./api-route.ts";

export interface LoadParts {
  readonly stats: () => HubStats;
  readonly moves: () => StreamMoves;
  readonly health: () => Health;
  /** Whether the journal can be reached now. */
  readonly journalConnected: () => boolean;
  /** Whether any breaker before the verifier is open; `none` without a verifier. */
  readonly breaker: () => "closed" | "open" | "none";
  /** Ends a part of the streams; returns how many. */
  readonly shed: (shed: Shed) => number;
}

/** Fastest pace of a shed, streams a second. */
const mostPerSec = 1_000_000;
const mostStreams = 10_000_000;

/** What an operator of many proxies needs to know of each, in one small answer. */
const load = ({ stats, moves, health, journalConnected, breaker }: LoadParts): ApiRoute => ({
  method: "GET",
  path: "/api/v1/load",
  access: "read",
  summary: "What this proxy carries and whether it can carry on",
  answers: {
    200: {
      description: "The figures that decide about pods: how many there are, which goes first, which is replaced.",
      schema: record({
        streams: count("Open streams."),
        limit: count("Streams this proxy accepts."),
        topics: count("Topics with at least one stream."),
        draining: { type: "boolean", description: "It ends its streams and takes no new ones." },
        degraded: listOf(text("What is missing."), "Empty when all is well."),
        nats_connected: { type: "boolean", description: "The journal can be reached now." },
        breaker: {
          type: "string",
          enum: ["closed", "open", "none"],
          description: "Of the circuit breaker before the verifier: `open` also half-open, `none` without a verifier.",
        },
        moved: count("Streams that it ended since its start so that their clients go elsewhere."),
        shedding: count("Of the streams that it was asked to shed, how many are still to end."),
      }),
    },
  },
  handle: () => {
    const { totalCreated, totalClosed, effectiveMax, topics } = stats();
    const now = health();
    return ok({
      streams: totalCreated - totalClosed,
      limit: effectiveMax,
      topics,
      draining: now.status === "draining",
      degraded: now.reasons ?? [],
      nats_connected: journalConnected(),
      breaker: breaker(),
      ...moves(),
    });
  },
});

const wholeNumber = (minimum: number, maximum: number, description: string) => ({
  type: "integer",
  minimum,
  maximum,
  description,
});

const shed = ({ shed: begin, health }: LoadParts): ApiRoute => ({
  method: "POST",
  path: "/api/v1/shed",
  access: "admin",
  summary: "Ends a part of the streams at a pace, so that their clients go to other proxies; the rest is served on",
  body: record({
    streams: wholeNumber(0, mostStreams, "Streams to end; 0 stops a shed that is under way."),
    keep: wholeNumber(0, mostStreams, "Open streams that stay whatever happens."),
    rate_per_sec: wholeNumber(1, mostPerSec, "Streams ended each second."),
  }),
  answers: {
    202: {
      description: "It has begun, in place of one that was under way.",
      schema: record({ streams: count("Streams that are to end.") }),
    },
  },
  handle: ({ body }) => {
    if (health().status === "draining") return { problem: "draining", detail: "all streams end already" };
    const {
      streams,
      keep,
      rate_per_sec: ratePerSec,
    } = body as Readonly<Record<"streams" | "keep" | "rate_per_sec", number>>;
    return { status: 202, body: { streams: begin({ streams, keep, ratePerSec }) } };
  },
});

/** Routes by which streams are spread over proxies. */
export const loadRoutes = (parts: LoadParts): readonly ApiRoute[] => [load(parts), shed(parts)];
