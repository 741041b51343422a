import { jsonLine, type LogRecord, logTimestamp, textLine } from "@revenprox/contract/log-format";
import { createRepeatLimit, leftOutLine } from "@revenprox/contract/log-repeats";
import { type DestinationStream, pino } from "pino";

export type LogLevel = "debug" | "info" | "warn" | "error";
type Fields = Readonly<Record<string, unknown>>;

/** Log lines; `fields` appear in JSON lines, and in text lines at level debug. */
export interface Log {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
}

export interface LogSettings {
  readonly level: LogLevel;
  readonly format: "text" | "json";
  /** Standard output unless given. */
  readonly destination?: DestinationStream;
}

/** pino's own line in the formats that proxy and operator share. */
const render = (line: string, format: "text" | "json"): string => {
  const { timestamp, level, message, ...fields } = JSON.parse(line) as Pick<
    LogRecord,
    "timestamp" | "level" | "message"
  >;
  const record = { timestamp, level, message, fields };
  return format === "json" ? jsonLine(record) : textLine(record);
};

/** Levels in capitals, the time in whole seconds, as the proxy logs. */
export const createLog = ({ level, format, destination }: LogSettings): Log => {
  const out = destination ?? pino.destination({ dest: 1, sync: true });
  const logger = pino(
    {
      level,
      base: null,
      messageKey: "message",
      timestamp: () => `,"timestamp":"${logTimestamp(Date.now())}"`,
      formatters: { level: (label) => ({ level: label.toUpperCase() }) },
    },
    { write: (line: string) => out.write(render(line, format)) },
  );
  const admits = createRepeatLimit({
    after: (ms, action) => void setTimeout(action, ms).unref(),
    leftOut: (name, lines, seconds, like) =>
      logger[name as LogLevel]({ left_out: lines }, leftOutLine(lines, seconds, like)),
  });
  const at =
    (name: LogLevel) =>
    (message: string, fields: Fields = {}): void => {
      if (!logger.isLevelEnabled(name)) return;
      if (name === "debug" || admits(name, message)) logger[name](fields, message);
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
};

/** A fault with its causes in one line. */
export const describeError = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message} (${describeError(error.cause)})`;
};
