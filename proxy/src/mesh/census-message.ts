/** One proxy's answer to a census of a topic. Unknown fields are ignored, so that two builds work together. */
export interface CensusAnswer {
  /** Names the question. */
  readonly token: string;
  readonly proxyId: string;
  readonly subscribers: number;
}

const version = 1;
const longestText = 256;

export const writeCensusAnswer = (answer: CensusAnswer): string => JSON.stringify({ v: version, ...answer });

const isText = (value: unknown): value is string =>
  typeof value === "string" && value.length > 0 && value.length <= longestText;

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** Undefined for anything that is no answer. */
export const parseCensusAnswer = (payload: string): CensusAnswer | undefined => {
  const { v, token, proxyId, subscribers } = fields(payload);
  if (!(isCount(v) && v >= version && isText(token) && isText(proxyId) && isCount(subscribers))) return undefined;
  return { token, proxyId, subscribers };
};

const fields = (payload: string): { readonly [Key in keyof CensusAnswer | "v"]?: unknown } => {
  try {
    const value: unknown = JSON.parse(payload);
    return typeof value === "object" && value !== null ? value : {};
  } catch (fault) {
    if (fault instanceof SyntaxError) return {};
    throw fault;
  }
};
