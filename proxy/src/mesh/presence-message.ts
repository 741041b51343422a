/** What a proxy says of itself. Unknown fields are ignored, so that two builds work together. */
export interface Presence {
  readonly proxyId: string;
  /** When the process started, in milliseconds: a restarted proxy is another peer. */
  readonly epoch: number;
  readonly build: string;
  readonly topics: number;
  readonly connections: number;
  /** The last word of a proxy that shuts down. */
  readonly bye: boolean;
}

const version = 1;
const longestText = 256;

export const writePresence = (presence: Presence): string => {
  const { bye, ...fields } = presence;
  return JSON.stringify({ v: version, ...fields, ...(bye ? { bye } : {}) });
};

const isText = (value: unknown): value is string =>
  typeof value === "string" && value.length > 0 && value.length <= longestText;

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** Undefined for anything that is no presence message. */
export const parsePresence = (payload: string): Presence | undefined => {
  const { v, proxyId, epoch, build, topics, connections, bye } = fields(payload);
  if (!(isCount(v) && v >= version && isText(proxyId) && isText(build))) return undefined;
  if (!(isCount(epoch) && isCount(topics) && isCount(connections))) return undefined;
  return { proxyId, epoch, build, topics, connections, bye: bye === true };
};

const fields = (payload: string): { readonly [Key in keyof Presence | "v"]?: unknown } => {
  try {
    const value: unknown = JSON.parse(payload);
    return typeof value === "object" && value !== null ? value : {};
  } catch (fault) {
    if (fault instanceof SyntaxError) return {};
    throw fault;
  }
};
