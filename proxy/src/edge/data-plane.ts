import type { Answer } from "../http/answer.ts";
import { type Health, healthAnswer } from "../http/health.ts";
import type { Refuse } from "../http/refusals.ts";
import type { Hub } from "../hub/hub.ts";
import type { Log } from "../hub/ports.ts";
import { handOver, type Soon, whenThere } from "../hub/soon.ts";
import type { RequestTracing } from "../hub/tracing.ts";
import { type Admit, admitted } from "./admitted.ts";
import { corsHeaders } from "./cors.ts";
import { type CountRequest, counted } from "./counted.ts";
import type { ExchangeHandler } from "./exchange.ts";
import { answerOn, type Handle } from "./handle.ts";
import { metricsRoute, type ReadMetrics } from "./metrics-route.ts";
import { preflightRoute } from "./preflight-route.ts";
import { type PublishAccess, publishRoute } from "./publish-route.ts";
import type { Quotas } from "./quotas.ts";
import { type SoftRefusalParts, softly } from "./soft-refusal.ts";
import { loggedStreams } from "./stream-log.ts";
import { topicsPath } from "./stream-topics.ts";
import { type Readers, subscribeRoute } from "./subscribe-route.ts";
import { TopicNames } from "./topic-names.ts";
import { topicPathPrefix } from "./topic-path.ts";
import { traced } from "./traced.ts";

/** Settings of the data plane that may change while it runs. */
interface DataPlaneSettings {
  readonly maxEventSize: number;
  readonly maxBatchEvents: number;
  readonly corsAllowedOrigins: string;
  readonly maxTopicsPerStream: number;
  readonly maxReplayEvents: number;
}

export interface DataPlaneParts {
  readonly hub: Pick<Hub, "open" | "publish" | "publishBatch">;
  readonly access: PublishAccess;
  readonly readers: Readers;
  readonly settings: () => DataPlaneSettings;
  readonly health: () => Soon<Health>;
  /** Absent: /metrics is not served. */
  readonly metrics?: ReadMetrics | undefined;
  readonly refuse: Refuse;
  /** Absent: nothing is refused for what the client or the process uses. */
  readonly admission?: Admit;
  /** Absent: nothing is limited by token or key. */
  readonly quotas?: Quotas;
  /** Absent: refusals are the same for EventSource as for everybody. */
  readonly softRefusals?: () => SoftRefusalParts;
  /** Absent: no request is traced. */
  readonly tracing?: RequestTracing | undefined;
  /** Absent: requests are not counted. */
  readonly count?: CountRequest | undefined;
  readonly log: Log;
  /** Whether streams are told one by one. Absent: they are not. */
  readonly logsStreams?: (() => boolean) | undefined;
}

type Methods = ReadonlyMap<string, Handle>;

const resource = (handlers: Readonly<Record<string, Handle>>, origins: () => string): Methods => {
  const methods = [...Object.keys(handlers), "OPTIONS"].join(", ");
  return new Map([...Object.entries(handlers), ["OPTIONS", preflightRoute(origins, methods)]]);
};

const readable = (handle: Handle): Readonly<Record<string, Handle>> => ({ GET: handle, HEAD: handle });

const resources = (parts: DataPlaneParts, failed: (fault: unknown) => Answer) => {
  const { hub, access, refuse, settings } = parts;
  const names = new TopicNames();
  const corsAllowedOrigins = (): string => settings().corsAllowedOrigins;
  const subscribe = subscribeRoute({
    quotas: parts.quotas,
    hub,
    readers: parts.readers,
    names,
    settings,
    refuse,
    failed,
    tellStream: parts.logsStreams && loggedStreams(parts.log, parts.logsStreams),
  });
  const publish = publishRoute({
    quotas: parts.quotas,
    hub,
    access,
    names,
    refuse,
    corsAllowedOrigins,
    settings,
    failed,
  });
  const limits = { admission: parts.admission, corsAllowedOrigins, refuse };
  const stream = counted(
    parts.count,
    "subscribe",
    admitted(limits, "stream", traced(parts.tracing, "subscribe", subscribe)),
  );
  const open = parts.softRefusals === undefined ? stream : softly(parts.softRefusals, stream);
  const topic = resource(
    {
      ...readable(open),
      POST: counted(parts.count, "publish", admitted(limits, "publish", traced(parts.tracing, "publish", publish))),
    },
    corsAllowedOrigins,
  );
  const fixed = new Map([
    [topicsPath, resource(readable(open), corsAllowedOrigins)],
    [
      "/health",
      resource(
        readable(() => whenThere(parts.health(), healthAnswer)),
        corsAllowedOrigins,
      ),
    ],
  ]);
  if (parts.metrics !== undefined)
    fixed.set("/metrics", resource(readable(metricsRoute(parts.metrics)), corsAllowedOrigins));
  return (path: string): Methods | undefined => (path.startsWith(topicPathPrefix) ? topic : fixed.get(path));
};

/** The handler of every request on the data port. It never throws and always answers. */
export const dataPlane = (parts: DataPlaneParts): ExchangeHandler => {
  const { refuse, log } = parts;
  const failed = (fault: unknown): Answer => {
    log.error(`A request failed: ${fault instanceof Error ? (fault.stack ?? fault.message) : String(fault)}`);
    return refuse("internal_error", "see the proxy's log");
  };
  const find = resources(parts, failed);
  const route: Handle = (exchange) => {
    const methods = find(exchange.path);
    const handle = methods?.get(exchange.method);
    if (handle !== undefined) return handle(exchange);
    const cors = corsHeaders(parts.settings().corsAllowedOrigins, exchange.header("origin"));
    if (methods === undefined) return refuse("path_unknown", "this path is not served", cors);
    const allow = [...methods.keys()].join(", ");
    return refuse("method_not_allowed", "the path takes other methods", [["Allow", allow], ...cors]);
  };
  return (exchange) =>
    handOver(
      () => route(exchange),
      (answer) => answerOn(exchange, answer),
      failed,
    );
};
