const strings = /"(?:[^"\\]|\\.)*"/g;
const matchers = /\{[^}]*\}/g;
const ranges = /\[[^\]]*\]/g;
const labelLists = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g;
const names = /(?<![\w.])([a-zA-Z_:][\w:]*)(?!\w*\s*\()/g;
const words = new Set(["and", "or", "unless", "bool", "offset"]);

/** Names of the series that a PromQL expression reads, each once. Functions, labels, numbers and durations are none. */
export const seriesNames = (expression: string): readonly string[] => {
  const bare = [strings, matchers, ranges, labelLists].reduce((text, part) => text.replaceAll(part, " "), expression);
  const found = [...bare.matchAll(names)].map(([name]) => name).filter((name) => !words.has(name));
  return [...new Set(found)];
};
