/** Whether `pattern` means `topic`: the same name, or a prefix that ends in `*`. */
const matches = (pattern: string, topic: string): boolean =>
  pattern.endsWith("*") ? topic.startsWith(pattern.slice(0, -1)) : topic === pattern;

export const matchesAny = (patterns: readonly string[], topic: string): boolean =>
  patterns.some((pattern) => matches(pattern, topic));

/** A list of patterns as somebody else wrote it; undefined when it is none. */
export const patternList = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) && value.every((item) => typeof item === "string") ? value : undefined;
