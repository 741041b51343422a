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
    (message: string, fields?: Readonly<Record<string, unknown>>): void => {
      if (severity[level] < severity[current]) return;
      if (level === "debug" || admits(level, message)) logger[level]({ ...base, ...fields }, message);
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
