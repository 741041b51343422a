/** One log event; `fields` follow the seed's order after the named ones. */
export interface LogRecord {
  readonly timestamp: string;
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** RFC 3339 in whole seconds, UTC. */
export const logTimestamp = (milliseconds: number): string =>
  new Date(milliseconds).toISOString().replace(/\.\d{3}Z$/, "Z");

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not reach a terminal
const lineBreaking = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** A line of text must stay one line, whatever a message quotes. */
const oneLine = (text: string): string =>
  text.replace(lineBreaking, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** `[2024-01-15T10:30:45Z INFO] message`; at debug level the fields follow as JSON. */
export const textLine = ({ timestamp, level, message, fields }: LogRecord): string => {
  const more = level === "DEBUG" && Object.keys(fields).length > 0 ? ` ${JSON.stringify(fields)}` : "";
  return `[${timestamp} ${level}] ${oneLine(message + more)}\n`;
};

/** One JSON object: timestamp, level, message, bind_address, proxy_id, then the rest. */
export const jsonLine = ({ timestamp, level, message, fields }: LogRecord): string =>
  `${JSON.stringify({ timestamp, level, message, ...fields })}\n`;
