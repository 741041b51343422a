import { inspect } from "node:util";
import { jsonLine, type LogRecord, logTimestamp, textLine } from "@revenprox/contract/log-format";
import { createRepeatLimit, leftOutLine } from "@revenprox/contract/log-repeats";
import { type DestinationStream, type Logger, pino } from "pino";
import type { Log } from "../hub/ports.ts";

type LogLevel = "debug" | "info" | "warn" | "error";

/** A log whose least severe level can be changed while it is used. */
export interface LeveledLog extends Log {
  level(): LogLevel;
  setLevel(level: LogLevel): void;
}

export interface LoggerSettings {
  readonly level: LogLevel;
  readonly format: "text" | "json";
  /** Fields of every JSON line, for example bind_address and proxy_id. */
  readonly base: Readonly<Record<string, unknown>>;
  /** Where lines go; by default standard output. */
  readonly destination?: DestinationStream;
  /** Runs `action` once after `ms`; by default a timer that does not keep the process alive. */
  readonly after?: (ms: number, action: () => void) => void;
}

/** pino's own line (trusted: it was made in this process) as a record. */
const recordOf = (line: string): LogRecord => {
  const { timestamp, level, message, ...fields } = JSON.parse(line) as Record<string, unknown>;
  return { timestamp: String(timestamp), level: String(level), message: String(message), fields };
};

const buildPino = ({ level, format, destination }: LoggerSettings): Logger => {
  const out = destination ?? pino.destination({ dest: 1, sync: true });
  const render = format === "json" ? jsonLine : textLine;
  return pino(
    {
      level,
      base: null,
      messageKey: "message",
      timestamp: () => `,"timestamp":"${logTimestamp(Date.now())}"`,
      formatters: { level: (label) => ({ level: label.toUpperCase() }) },
    },
    { write: (line) => out.write(render(recordOf(line))) },
  );
};

type Fields = Readonly<Record<string, unknown>>;

/** What went wrong belongs into the line itself: text lines have no fields above debug. */
const withCause = (message: string, { cause, fault = cause }: Fields): string =>
  fault === undefined ? message : `${message}: ${String(fault)}`;

/** JSON has nothing for an error but {}. */
const serializable = (fields: Fields): Fields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? inspect(value) : value]),
  );

const afterUnref = (ms: number, action: () => void): void => void setTimeout(action, ms).unref();

const severity: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** Log lines in the seed's formats. Above debug, repetitions are told as a number. */
export const createLogger = (settings: LoggerSettings): LeveledLog => {
  const logger = buildPino(settings);
  const base = settings.format === "json" ? settings.base : {};
  let current = settings.level;
  const admits = createRepeatLimit({
    after: settings.after ?? afterUnref,
    leftOut: (level, lines, seconds, like) =>
      logger[level as LogLevel]({ ...base, left_out: lines }, leftOutLine(lines, seconds, like)),
  });
  const at =
    (level: LogLevel) =>
    (message: string, fields: Fields = {}): void => {
      if (severity[level] < severity[current]) return;
      const line = withCause(message, fields);
      if (level === "debug" || admits(level, line)) logger[level]({ ...base, ...serializable(fields) }, line);
    };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    level: () => current,
    setLevel: (level) => {
      current = level;
      logger.level = level;
    },
  };
};
