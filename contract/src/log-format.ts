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

/** What a secret looks like wherever it is quoted, and what is left of it. */
const secrets: readonly (readonly [RegExp, string])[] = [
  [/\b(bearer|basic)(\s+)[\w.~+/=-]+/gi, "$1$2***"],
  [/([?&](?:token|access_token|jwt|key|secret|password)=)[^\s&"'\\]+/gi, "$1***"],
  [/(:\/\/)[^\s/@"'\\]+@/g, "$1***@"],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, "***"],
  [/("(?:authorization|cookie|jwt|password|secret|token)":)"(?:[^"\\]|\\.)*"/gi, '$1"***"'],
];

/** A line without what looks like a secret: nobody is to log one, and where somebody does, nobody is to read it. */
const redacted = (line: string): string => secrets.reduce((text, [pattern, rest]) => text.replace(pattern, rest), line);

/** `[2024-01-15T10:30:45Z INFO] message`; at debug level the fields follow as JSON. */
export const textLine = ({ timestamp, level, message, fields }: LogRecord): string => {
  const more = level === "DEBUG" && Object.keys(fields).length > 0 ? ` ${JSON.stringify(fields)}` : "";
  return `[${timestamp} ${level}] ${redacted(oneLine(message + more))}\n`;
};

/** The message without the address that the field bind_address has as well, as in the seed: `HTTP server started`. */
const withoutAddress = ({ message, fields }: LogRecord): string => {
  const address = fields["bind_address"];
  const end = ` on ${String(address)}`;
  return address !== undefined && message.endsWith(end) ? message.slice(0, -end.length) : message;
};

/** One JSON object: timestamp, level, message, bind_address, proxy_id, then the rest. */
export const jsonLine = (line: LogRecord): string => {
  const { timestamp, level, fields } = line;
  return `${redacted(JSON.stringify({ timestamp, level, message: withoutAddress(line), ...fields }))}\n`;
};
