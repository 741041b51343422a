import { isCount, isText, jsonFields } from "./message-fields.ts";

/** One proxy's answer to a census of a topic. Unknown fields are ignored, so that two builds work together. */
export interface CensusAnswer {
  /** Names the question. */
  readonly token: string;
  readonly proxyId: string;
  readonly subscribers: number;
}

const version = 1;
export const writeCensusAnswer = (answer: CensusAnswer): string => JSON.stringify({ v: version, ...answer });

/** Undefined for anything that is no answer. */
export const parseCensusAnswer = (payload: string): CensusAnswer | undefined => {
  const { v, token, proxyId, subscribers } = jsonFields(payload);
  if (!(isCount(v) && v >= version && isText(token) && isText(proxyId) && isCount(subscribers))) return undefined;
  return { token, proxyId, subscribers };
};
