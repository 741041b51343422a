import { parse } from "smol-toml";

/** Shortest secret that is taken for a key. */
const minSecretLength = 16;

/** What an Authorization header can carry. */
const visibleAscii = /^[!-~]*$/;

const isSecret = (text: string): boolean => text.length >= minSecretLength && visibleAscii.test(text);

/** What a key's file says. */
export interface PublishKeyFile {
  readonly secret: string;
  /** Names, or prefixes that end in `*`; undefined: every topic. */
  readonly topics: readonly string[] | undefined;
  /** Milliseconds since 1970; undefined: never. */
  readonly expires: number | undefined;
}

export type ParsedKeyFile =
  | { readonly kind: "key"; readonly key: PublishKeyFile }
  | { readonly kind: "fault"; readonly fault: string };

const fault = (text: string): ParsedKeyFile => ({ kind: "fault", fault: text });

const table = (text: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = text.startsWith("{") ? JSON.parse(text) : parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    // The parsers' messages quote the text, and it holds a secret.
    return undefined;
  }
};

const rfc3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** TOML has times of its own. NaN when it is neither that nor RFC 3339. */
const timeOf = (value: unknown): number => {
  if (value instanceof Date) return value.getTime();
  return typeof value === "string" && rfc3339.test(value) ? Date.parse(value) : Number.NaN;
};

const isTextList = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");

const known = new Set(["secret", "topics", "expires"]);

const fromTable = (fields: Record<string, unknown>): ParsedKeyFile => {
  const { secret, topics, expires } = fields;
  const unknown = Object.keys(fields).filter((name) => !known.has(name));
  if (unknown.length > 0) return fault("it has other fields than secret, topics and expires");
  if (typeof secret !== "string" || !isSecret(secret))
    return fault(`secret is not a text of at least ${minSecretLength} characters of ASCII without spaces`);
  if (topics !== undefined && !isTextList(topics)) return fault("topics is not a list of texts");
  const at = expires === undefined ? undefined : timeOf(expires);
  if (at !== undefined && Number.isNaN(at)) return fault("expires is not a time such as 2027-01-31T00:00:00Z");
  return { kind: "key", key: { secret, topics, expires: at } };
};

/**
 * A publish key as an entry of its Secret, which is a file for the proxies: the bare secret, or JSON or TOML with
 * `secret`, `topics` and `expires`. Faults hold nothing of it.
 */
export const parseKeyFile = (content: string): ParsedKeyFile => {
  const text = content.trim();
  if (text === "") return fault("it is empty");
  if (isSecret(text) && !text.includes("{")) {
    const isToml = /^[a-z]+=["'[\d]/.test(text);
    if (!isToml) return { kind: "key", key: { secret: text, topics: undefined, expires: undefined } };
  }
  const fields = table(text);
  return fields === undefined
    ? fault(
        `a key is at least ${minSecretLength} characters of ASCII without spaces, or TOML or JSON with secret, topics, expires`,
      )
    : fromTable(fields);
};
