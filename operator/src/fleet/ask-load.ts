import { type CallManagement, ManagementAnswerError } from "./management-call.ts";
import type { PodFigures } from "./pod-load.ts";

/** Asks one proxy for its figures. */
export type AskLoad = (address: string, token: string) => Promise<PodFigures>;

const isCount = (value: unknown): value is number => Number.isInteger(value) && Number(value) >= 0;

const countIn = (body: Readonly<Record<string, unknown>>, field: string): number => {
  const value = body[field];
  if (!isCount(value)) throw new ManagementAnswerError(`the load of a proxy has no count "${field}"`);
  return value;
};

/** Of a field that a build of another version may not have: nothing is made of what is not told. */
const countOrNone = (body: Readonly<Record<string, unknown>>, field: string): number =>
  body[field] === undefined ? 0 : countIn(body, field);

const breakers = ["closed", "open", "none"] as const;

const parseLoad = (body: Readonly<Record<string, unknown>>): PodFigures => {
  const degraded = body["degraded"];
  return {
    streams: countIn(body, "streams"),
    limit: countIn(body, "limit"),
    topics: countOrNone(body, "topics"),
    draining: body["draining"] === true,
    degraded: Array.isArray(degraded) ? degraded.filter((reason) => typeof reason === "string") : [],
    // A proxy that says nothing of it is not cut off, and must not be replaced for it.
    natsConnected: body["nats_connected"] !== false,
    breaker: breakers.find((state) => state === body["breaker"]),
    moved: countOrNone(body, "moved"),
    shedding: countOrNone(body, "shedding"),
  };
};

/** Of a build before /api/v1/load: what it does not tell counts as well. */
const parseConnections = (body: Readonly<Record<string, unknown>>): PodFigures => ({
  streams: countIn(body, "active_connections"),
  limit: countIn(body, "max_connections_effective"),
  topics: countOrNone(body, "topics"),
  draining: false,
  degraded: [],
  natsConnected: true,
  breaker: undefined,
  moved: 0,
  shedding: 0,
});

const record = (body: unknown): Readonly<Record<string, unknown>> => {
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  throw new ManagementAnswerError("a proxy answered with something that is no object");
};

export const askLoad =
  (call: CallManagement): AskLoad =>
  async (address, token) => {
    const load = await call({ address, path: "/api/v1/load", token });
    if (load.status === 200) return parseLoad(record(load.body));
    if (load.status !== 404) throw new ManagementAnswerError(`a proxy answered ${load.status} when asked for its load`);
    const older = await call({ address, path: "/api/v1/connections", token });
    if (older.status === 200) return parseConnections(record(older.body));
    throw new ManagementAnswerError(`a proxy answered ${older.status} when asked for its connections`);
  };
