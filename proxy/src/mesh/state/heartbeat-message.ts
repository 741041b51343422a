import { parseDigests } from "./bucket-digest.ts";
import { type Fields, isCount, isLife, isText, jsonFields } from "./message-fields.ts";
import type { Heartbeat, ProcessMark, TopicDigest } from "./state-message.ts";

/**
 * A heartbeat is a JSON object. Its first fields are those of protocol 1, whose builds pass over the others, as this
 * one passes over what later ones add.
 */
export const writeHeartbeat = (heartbeat: Heartbeat): string => {
  const { kind: _, protocol, bye, process, state, ...fields } = heartbeat;
  const digest = state === undefined ? {} : { version: state.version, digests: state.digests.toText() };
  return JSON.stringify({ v: protocol, ...fields, ...(bye ? { bye } : {}), ...process, ...digest });
};

/** Undefined for anything that is no heartbeat. */
export const parseHeartbeat = (payload: string): Heartbeat | undefined => {
  const fields = jsonFields(payload);
  const { v, proxyId, epoch, build, topics, connections, bye } = fields;
  if (!(isCount(v) && v >= 1 && isText(proxyId) && isText(build))) return undefined;
  if (!(isCount(epoch) && isCount(topics) && isCount(connections))) return undefined;
  const about = { proxyId, epoch, protocol: v, build, topics, connections, bye: bye === true };
  const process = processMark(fields);
  return process === undefined
    ? { kind: "heartbeat", ...about }
    : { kind: "heartbeat", ...about, process, state: topicDigest(fields) };
};

const processMark = ({ life, seq }: Fields): ProcessMark | undefined =>
  isLife(life) && isCount(seq) ? { life, seq } : undefined;

const topicDigest = ({ version, digests: text }: Fields): TopicDigest | undefined => {
  const digests = parseDigests(text);
  return digests !== undefined && isCount(version) ? { version, digests } : undefined;
};
