/** Numbers from a seed: the same seed gives the same numbers. */
export interface Random {
  /** In [0, 1). */
  fraction(): number;
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number;
  /** One of `choices`, which must not be empty. */
  pick<T>(choices: readonly T[]): T;
  shuffled<T>(items: readonly T[]): T[];
  /** Numbers of their own for a part, whatever else is drawn. */
  fork(part: number): Random;
}

/** Mulberry32, public domain (Tommy Ettinger): 32 bits of state are enough to choose faults by. */
export const seededRandom = (seed: number): Random => {
  let state = seed >>> 0;
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  const between = (low: number, high: number): number => low + Math.floor(fraction() * (high - low + 1));
  const pick = <T>(choices: readonly T[]): T => {
    const index = between(0, choices.length - 1);
    for (const choice of choices.slice(index, index + 1)) return choice;
    throw new RangeError("nothing to pick from");
  };
  const shuffled = <T>(items: readonly T[]): T[] => {
    const left = [...items];
    const order: T[] = [];
    while (left.length > 0) order.push(...left.splice(between(0, left.length - 1), 1));
    return order;
  };
  return {
    fraction,
    between,
    pick,
    shuffled,
    fork: (part) => seededRandom(Math.imul(seed ^ 0x9e3779b9, part * 2 + 1)),
  };
};
