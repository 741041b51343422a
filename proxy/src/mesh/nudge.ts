/** Payload of a nudge: this sequence is stored on the topic of the subject. */
export const writeNudge = (sequence: number): string => JSON.stringify({ v: 1, sequence });

export const parseNudge = (payload: string): number | undefined => {
  try {
    const value: unknown = JSON.parse(payload);
    const sequence = typeof value === "object" && value !== null ? Reflect.get(value, "sequence") : undefined;
    return Number.isSafeInteger(sequence) && Number(sequence) > 0 ? Number(sequence) : undefined;
  } catch (fault) {
    if (fault instanceof SyntaxError) return undefined;
    throw fault;
  }
};
