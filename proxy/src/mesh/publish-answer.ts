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

const parse = (payload: Uint8Array): AnswerFields => {
  try {
    const value: unknown = JSON.parse(
      Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString("latin1"),
    );
    return typeof value === "object" && value !== null ? value : {};
  } catch (fault) {
    if (fault instanceof SyntaxError) return {};
    throw fault;
  }
};

/** An empty payload is the server's "no responders": no stream, or none with a leader. */
export const readPublishAnswer = (payload: Uint8Array): PublishAnswer => {
  if (payload.length === 0) return { kind: "retry", cause: "no responders" };
  const { seq, duplicate, error } = parse(payload);
  if (error !== undefined) {
    const cause = error.description ?? "no reason given";
    const again = error.err_code === duplicateInProcess || passing.has(error.code);
    return { kind: again ? "retry" : "refused", cause };
  }
  if (seq === undefined || seq <= 0) return { kind: "refused", cause: "an answer that cannot be read" };
  return { kind: "stored", sequence: seq, duplicate: duplicate === true };
};
