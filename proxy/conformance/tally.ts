import type { Engine } from "./engines.ts";
import { type JudgeName, judgeNames } from "./judges/judge.ts";

/** Cases that passed, by engine and judge. */
export const createTally = () => {
  const counts = new Map<string, number>();
  const notes: string[] = [];
  const add = (key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1);
  const seen = new Set<Engine>();
  return {
    passed: (engine: Engine, judges: readonly JudgeName[]): void => {
      seen.add(engine);
      add(engine);
      for (const judge of judges) add(`${engine} ${judge}`);
    },
    note: (engine: Engine, text: string): void => void notes.push(`${engine}: ${text}`),
    text: (): string => {
      const line = (engine: Engine) => {
        const by = judgeNames.map((judge) => `${judge} ${counts.get(`${engine} ${judge}`) ?? 0}`);
        return `${engine}: ${counts.get(engine) ?? 0} cases passed (${by.join(", ")})`;
      };
      return [...[...seen].map(line), ...notes].join("\n");
    },
  };
};
