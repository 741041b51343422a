const WINDOW_MS = 600_000;
const LOSSES_BEFORE_CONFLICT = 3;

interface Correction {
  readonly at: number;
  readonly fields: readonly string[];
  readonly manager: string;
}

/** Inert fields of an object, and objects with such, that are remembered; more would cost calls that change nothing. */
const MAX_INERT = 1_000;
/** Objects whose wish is remembered: those of a thousand resources. */
const MAX_WISHES = 20_000;

/** Remembers what was put back, so that two writers do not undo each other for ever. */
export interface DriftMemory {
  /** The manager to stand back from, when putting `fields` back would be the third time in ten minutes for one of them. */
  rival(key: string, fields: readonly string[], now: number): string | undefined;
  corrected(
    key: string,
    correction: { readonly fields: readonly string[]; readonly manager: string },
    now: number,
  ): void;
  /** Whether `mark` came back by itself when it was taken away: a default of the API server that somebody claims. */
  isInert(key: string, mark: string): boolean;
  inert(key: string, marks: readonly string[]): void;
  /** Notes that the object has what the wish of `hash` asks for. */
  fulfilled(key: string, hash: string): void;
  /** Whether the wish that this operator brought the object to last is that of `hash`. */
  hadFulfilled(key: string, hash: string): boolean;
}

/** The oldest goes where there are too many. */
const remember = <T>(
  memory: Map<string, T>,
  { key, value, max }: { readonly key: string; readonly value: T; readonly max: number },
): void => {
  memory.delete(key);
  memory.set(key, value);
  const oldest = memory.size > max ? memory.keys().next().value : undefined;
  if (oldest !== undefined) memory.delete(oldest);
};

export const createDriftMemory = (): DriftMemory => {
  const corrections = new Map<string, readonly Correction[]>();
  const inert = new Map<string, readonly string[]>();
  const wishes = new Map<string, string>();
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
    isInert: (key, mark) => inert.get(key)?.includes(mark) === true,
    inert: (key, marks) => {
      if (marks.length === 0) return;
      const all = new Set([...(inert.get(key) ?? []), ...marks]);
      remember(inert, { key, value: [...all].slice(-MAX_INERT), max: MAX_INERT });
    },
    fulfilled: (key, hash) => {
      if (wishes.get(key) !== hash) remember(wishes, { key, value: hash, max: MAX_WISHES });
    },
    hadFulfilled: (key, hash) => wishes.get(key) === hash,
  };
};
