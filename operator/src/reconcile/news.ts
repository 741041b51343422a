import type { ApplyOutcome } from "./ports.ts";

/** The same trouble is told again after this time. */
const REPEAT_MS = 600_000;

const troubles: ReadonlySet<ApplyOutcome["kind"]> = new Set(["refused", "conflict", "name-conflict", "failed"]);

/** Whether somebody has to look at it, or it is tried again. */
export const isTrouble = ({ kind }: ApplyOutcome): boolean => troubles.has(kind);

/** Whether an outcome says of its object what was not said of it before: trouble that lasts is found by each pass. */
export const createNews = (now: () => number): ((object: string, outcome: ApplyOutcome) => boolean) => {
  const told = new Map<string, { readonly text: string; readonly at: number }>();
  return (object, outcome) => {
    if (!isTrouble(outcome)) {
      told.delete(object);
      return true;
    }
    const text = JSON.stringify(outcome);
    const last = told.get(object);
    if (last?.text === text && now() - last.at < REPEAT_MS) return false;
    for (const [each, { at }] of told) if (now() - at >= REPEAT_MS) told.delete(each);
    told.set(object, { text, at: now() });
    return true;
  };
};
