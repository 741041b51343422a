import { createChecker } from "./checker.ts";
import type { OffenceKind } from "./offences.ts";
import type { Truth } from "./truth.ts";

/** How the record of one client is spoilt, and what the checker must find then. */
const spoilers: Readonly<Record<string, { readonly finds: OffenceKind; spoil(lines: string[], at: number): void }>> = {
  "one event removed": { finds: "lost", spoil: (lines, at) => void lines.splice(at, 1) },
  "one event doubled": { finds: "doubled", spoil: (lines, at) => void lines.splice(at, 0, ...lines.slice(at, at + 1)) },
  "two events swapped": {
    finds: "disordered",
    spoil: (lines, at) => {
      const [one = "", other = ""] = [at, at + 1].map((index) => lines[index]);
      lines.splice(at, 2, other, one);
    },
  },
};

const isEvent = (line: string | undefined): boolean => line?.includes(" event ") ?? false;

/**
 * Spoils the record of one client in each way; returns the ways that the checker did not notice. A checker that passes a
 * run proves nothing unless it fails the same run spoilt. `lines` are of a client of one topic with two events in a row.
 */
export const unnoticed = (truth: Truth, lines: readonly string[]): readonly string[] => {
  const at = lines.findIndex((line, index) => isEvent(line) && isEvent(lines[index + 1]));
  if (at < 0) return ["the record has no two events in a row"];
  return Object.entries(spoilers).flatMap(([name, { spoil, finds }]) => {
    const spoilt = [...lines];
    spoil(spoilt, at);
    const checker = createChecker(truth);
    for (const line of spoilt) checker.observe(line);
    return checker.finish().offences.count(finds) > 0 ? [] : [name];
  });
};
