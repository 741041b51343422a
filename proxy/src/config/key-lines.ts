const header = /^\s*\[\s*([^[\]]+?)\s*\]/;
const assignment = /^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=/;

const dotted = (text: string): string =>
  text
    .split(".")
    .map((part) => part.trim().replace(/^(["'])(.*)\1$/, "$2"))
    .join(".");

/** Lines (from 1) on which the keys and tables of a TOML text begin, by dotted name; the TOML parser does not tell. */
export const keyLines = (text: string): ReadonlyMap<string, number> => {
  const lines = new Map<string, number>();
  let table = "";
  for (const [index, line] of text.split("\n").entries()) {
    const opened = header.exec(line)?.[1];
    const assigned = assignment.exec(line)?.[1];
    if (opened !== undefined) table = dotted(opened);
    const name =
      opened !== undefined
        ? table
        : assigned === undefined
          ? undefined
          : [table, dotted(assigned)].filter(Boolean).join(".");
    if (name !== undefined && !lines.has(name)) lines.set(name, index + 1);
  }
  return lines;
};

/** Line of the key or of the innermost table around it that the text names. */
export const lineOf = (lines: ReadonlyMap<string, number>, key: string): number | undefined => {
  const parts = key.split(".");
  for (let length = parts.length; length > 0; length--) {
    const line = lines.get(parts.slice(0, length).join("."));
    if (line !== undefined) return line;
  }
  return undefined;
};
