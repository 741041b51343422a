const WINDOW_MS = 600_000;
const LOSSES_BEFORE_CONFLICT = 3;

interface Correction {
  readonly at: number;
  readonly fields: readonly string[];
  readonly manager: string;
}

/** Remembers what was put back, so that two writers do not undo each other for ever. */
export interface DriftMemory {
  /** The manager to stand back from, when putting `fields` back would be the third time in ten minutes for one of them. */
  rival(key: string, fields: readonly string[], now: number): string | undefined;
  corrected(
    key: string,
    correction: { readonly fields: readonly string[]; readonly manager: string },
    now: number,
  ): void;
}

export const createDriftMemory = (): DriftMemory => {
  const corrections = new Map<string, readonly Correction[]>();
  const recent = (key: string, now: number) => (corrections.get(key) ?? []).filter(({ at }) => now - at < WINDOW_MS);
  return {
    rival: (key, fields, now) => {
      const past = recent(key, now);
      const losses = (field: string) => 1 + past.filter((each) => each.fields.includes(field)).length;
      return fields.some((field) => losses(field) >= LOSSES_BEFORE_CONFLICT) ? past.at(-1)?.manager : undefined;
    },
    corrected: (key, correction, now) => {
      for (const old of corrections.keys()) if (recent(old, now).length === 0) corrections.delete(old);
      corrections.set(key, [...recent(key, now), { ...correction, at: now }]);
    },
  };
};
