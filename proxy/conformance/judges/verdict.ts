import type { Found } from "./recorder.ts";

/** What was waited for, or a failure that tells what came instead. */
export const answered = <T>(what: string, count: number, { complete, found }: Found<T>): readonly T[] => {
  if (complete) return found;
  const shown = JSON.stringify(found).slice(0, 2_000);
  throw new Error(`waited in vain for ${count} ${what}; ${found.length} came: ${shown}`);
};
