import { type Cursor, unstoredEpoch } from "./ports.ts";

/** What a client of several topics was written of them between two sequences; which events it lacks follows from it. */
export interface WrittenProof {
  /** Everything up to here was written, or told as a gap. */
  readonly base: number;
  /** Events with base < sequence <= the id's own. */
  readonly count: number;
  /** `addTo` of all their sequences. */
  readonly sum: number;
  /** `topicSetOf` the topics. */
  readonly set: string;
}

export type ParsedEventId =
  | { readonly kind: "cursor"; readonly cursor: Cursor; readonly proof?: WrittenProof }
  | { readonly kind: "invalid" };

const invalid: ParsedEventId = { kind: "invalid" };
const form = /^([1-9]\d{0,15})-(\d{3,16})(?:~([0-9a-z]{1,7})\.([0-9a-z]{1,7})\.([0-9a-z]{1,7})\.([0-9a-z]{5}))?$/;
const radix = 36;
const setLength = 5;
/** Base, count and sum have at most seven digits each. */
const words = 2 ** 32;

/**
 * `1703894400000-001`, with a proof `1703894400000-012~b.3.w.00k5f`: at most 64 bytes, none of which needs a CORS
 * preflight in `Last-Event-ID`. A proof over more than 2^32 sequences is left out. Empty, which is no id (WHATWG), where
 * nothing is stored.
 */
export const formatEventId = (epoch: number, sequence: number, proof?: WrittenProof): string => {
  if (epoch === unstoredEpoch) return "";
  const plain = `${epoch}-${sequence < 100 ? String(sequence).padStart(3, "0") : sequence}`;
  if (proof === undefined || sequence - proof.base >= words) return plain;
  const numbers = [sequence - proof.base, proof.count, proof.sum].map((part) => part.toString(radix));
  return `${plain}~${numbers.join(".")}.${proof.set}`;
};

/** Takes only what `formatEventId` makes. */
export const parseEventId = (text: string): ParsedEventId => {
  const match = form.exec(text);
  if (match === null) return invalid;
  const [, epoch, sequence, lag, count, sum, set] = match;
  const cursor = { epoch: Number(epoch), sequence: Number(sequence) };
  const isProven = lag !== undefined && count !== undefined && sum !== undefined && set !== undefined;
  if (!isProven) return formatEventId(cursor.epoch, cursor.sequence) === text ? { kind: "cursor", cursor } : invalid;
  const [length, events, total] = [lag, count, sum].map((part) => Number.parseInt(part, radix));
  const proof = { base: cursor.sequence - (length ?? 0), count: events ?? 0, sum: total ?? 0, set };
  const isPossible = length !== 0 && proof.base >= 0 && proof.count <= (length ?? 0) && proof.sum < words;
  return isPossible && formatEventId(cursor.epoch, cursor.sequence, proof) === text
    ? { kind: "cursor", cursor, proof }
    : invalid;
};

/** A sum modulo 2^32 to which events are added in any order; those of other events are other sums. */
export const addTo = (sum: number, sequence: number): number => joinSums(sum, wordOf(sequence));

export const takeFrom = (sum: number, sequence: number): number => partSums(sum, wordOf(sequence));

/** The sum of both's events. */
export const joinSums = (sum: number, other: number): number => (sum + other) % words;

/** The sum of the events that are in `sum` and not in `other`. */
export const partSums = (sum: number, other: number): number => (sum + words - other) % words;

/** The finisher of MurmurHash3: with plain sequences 13 and 16 could not be told from 12 and 17. */
const wordOf = (sequence: number): number => {
  let word = (sequence % words) ^ Math.floor(sequence / words);
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return (word ^ (word >>> 16)) >>> 0;
};

/** The same for the same topics in any order, and hardly ever for others. */
export const topicSetOf = (topicIds: readonly string[]): string => {
  const sum = topicIds.reduce((total, id) => (total + Number.parseInt(id.slice(-8), 16)) % radix ** setLength, 0);
  return sum.toString(radix).padStart(setLength, "0");
};
