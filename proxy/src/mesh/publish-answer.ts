import { readDecimal } from "./decimal.ts";

/** What the journal answered to one publish. */
export type PublishAnswer =
  | { readonly kind: "stored"; readonly sequence: number; readonly duplicate: boolean }
  /** Nothing was stored by this attempt; another one may succeed. */
  | { readonly kind: "retry"; readonly cause: string }
  /** Nothing was stored, and trying again would not change that. */
  | { readonly kind: "refused"; readonly cause: string };

/** An earlier attempt's message id is still being worked on: not stored yet, and not refused either. */
const duplicateInProcess = 10_158;

/** Codes of answers after which the same publish may succeed: no leader, too many atomic batches at once. */
const passing: ReadonlySet<number | undefined> = new Set([503, 429]);

interface AnswerFields {
  readonly seq?: number;
  readonly duplicate?: boolean;
  readonly error?: { readonly code?: number; readonly err_code?: number; readonly description?: string };
}

const parse = (text: string): AnswerFields => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch (fault) {
    if (fault instanceof SyntaxError) return {};
    throw fault;
  }
};

const quote = 0x22;
const space = 0x20;
const beforeStream = Buffer.from('{"stream":"');
const beforeSequence = Buffer.from('"seq":');

const isAt = (text: Buffer, bytes: Uint8Array, at: number): boolean => {
  for (let index = 0; index < text.length; index += 1) if (bytes[at + index] !== text[index]) return false;
  return true;
};

/** The sequence in `{"stream":"S", "seq":7}`, which nearly all answers are; NaN in all others. */
const plainSequence = (bytes: Uint8Array, from: number, to: number): number => {
  if (!isAt(beforeStream, bytes, from)) return Number.NaN;
  let at = from + beforeStream.length;
  while (at < to && bytes[at] !== quote) at += 1;
  at += '",'.length;
  if (bytes[at] === space) at += 1;
  return isAt(beforeSequence, bytes, at) && bytes[to - 1] === "}".charCodeAt(0)
    ? readDecimal(bytes, at + beforeSequence.length, to - 1)
    : Number.NaN;
};

/** No bytes are the server's "no responders": no stream, or none with a leader. */
export const readPublishAnswer = (bytes: Buffer, from = 0, to = bytes.length): PublishAnswer => {
  if (from === to) return { kind: "retry", cause: "no responders" };
  const plain = plainSequence(bytes, from, to);
  if (plain > 0) return { kind: "stored", sequence: plain, duplicate: false };
  const { seq, duplicate, error } = parse(bytes.toString("latin1", from, to));
  if (error !== undefined) {
    const cause = error.description ?? "no reason given";
    const again = error.err_code === duplicateInProcess || passing.has(error.code);
    return { kind: again ? "retry" : "refused", cause };
  }
  if (seq === undefined || seq <= 0) return { kind: "refused", cause: "an answer that cannot be read" };
  return { kind: "stored", sequence: seq, duplicate: duplicate === true };
};
