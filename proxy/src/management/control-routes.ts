import { logLevels } from "@revenprox/contract/config/process";
import { type ApiRoute, count, type JsonSchema, listOf, ok, record, text } from "./api-route.ts";

type LogLevel = (typeof logLevels)[number];

/** The configuration in force, with names as in a TOML file and secrets masked. */
export interface ConfigView {
  readonly config: Readonly<Record<string, unknown>>;
  /** Of the configuration and the system whichever is lower; null: no limit. */
  readonly effectiveLimits: Readonly<Record<string, number | string | null>>;
  /** Keys that were changed in a file and wait for a restart. */
  readonly pendingRestart: readonly string[];
}

export interface ControlParts {
  readonly config: () => ConfigView;
  readonly logLevel: { level(): LogLevel; setLevel(level: LogLevel): void };
  readonly proxyId: string;
  /** Begins to end all streams, or goes on with it; returns how many are open and in how many seconds the last one ends. */
  readonly drain: () => { readonly connections: number; readonly withinSec: number };
}

const anything = (description: string): JsonSchema => ({ type: "object", description });

const config = ({ config: read }: ControlParts): ApiRoute => ({
  method: "GET",
  path: "/api/v1/config",
  access: "read",
  summary: "The configuration in force",
  answers: {
    200: {
      description: "Keys are named as in a TOML file. Secrets and paths are masked.",
      schema: record({
        config: anything("Every key with its value; null where it is not set."),
        effective_limits: anything("Of the configuration and the system whichever is lower; null: no limit."),
        pending_restart: listOf(text("section.key"), "Keys that were changed in a file and wait for a restart."),
      }),
    },
  },
  handle: () => {
    const { config: values, effectiveLimits, pendingRestart } = read();
    return ok({ config: values, effective_limits: effectiveLimits, pending_restart: pendingRestart });
  },
});

const level: JsonSchema = record({
  level: { type: "string", enum: [...logLevels], description: "Least severe level that is logged." },
});

const readLevel = ({ logLevel }: ControlParts): ApiRoute => ({
  method: "GET",
  path: "/api/v1/log-level",
  access: "read",
  summary: "The level of the log",
  answers: { 200: { description: "The level in force.", schema: level } },
  handle: () => ok({ level: logLevel.level() }),
});

const setLevel = ({ logLevel }: ControlParts): ApiRoute => ({
  method: "PUT",
  path: "/api/v1/log-level",
  access: "admin",
  summary: "Changes the level of the log, until the next restart or change of log_level in a file",
  body: level,
  answers: { 200: { description: "The level in force.", schema: level } },
  handle: ({ body }) => {
    logLevel.setLevel((body as { readonly level: LogLevel }).level);
    return ok({ level: logLevel.level() });
  },
});

const drain = ({ proxyId, drain: begin }: ControlParts): ApiRoute => ({
  method: "POST",
  path: "/api/v1/drain",
  access: "admin",
  summary: "Ends all streams at a pace, as SIGTERM does; the process stays until it is told to end",
  body: record({ confirm: text("This proxy's proxy_id, so that the wrong one is not drained by mistake.") }),
  answers: {
    202: {
      description: "It has begun. From now on readiness fails and new streams are refused; there is no way back.",
      schema: record({
        status: { type: "string", enum: ["draining"] },
        proxy_id: text("This proxy."),
        connections: count("Streams that are still open."),
        ends_within_seconds: count("Seconds from the beginning within which the last stream is ended."),
      }),
    },
  },
  handle: ({ body }) => {
    const { confirm } = body as { readonly confirm: string };
    if (confirm !== proxyId)
      return { problem: "drain_unconfirmed", detail: `this proxy is not ${JSON.stringify(confirm.slice(0, 64))}` };
    const { connections, withinSec } = begin();
    return {
      status: 202,
      body: { status: "draining", proxy_id: proxyId, connections, ends_within_seconds: withinSec },
    };
  },
});

/** Routes that show and change how this proxy runs. */
export const controlRoutes = (parts: ControlParts): readonly ApiRoute[] => [
  config(parts),
  readLevel(parts),
  setLevel(parts),
  drain(parts),
];
