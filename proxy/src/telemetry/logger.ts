import { jsonLine, type LogRecord, logTimestamp, textLine } from "@revenprox/contract/log-format";
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

/** Log lines in the seed's formats. */
export const createLogger = (settings: LoggerSettings): LeveledLog => {
  const logger = buildPino(settings);
  const base = settings.format === "json" ? settings.base : {};
  const at =
    (level: LogLevel) =>
    (message: string, fields?: Readonly<Record<string, unknown>>): void =>
      logger[level]({ ...base, ...fields }, message);
  let current = settings.level;
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
