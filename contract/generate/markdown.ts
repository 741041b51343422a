const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

/** A GitHub-flavoured table. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.map(cell).join(" | ")} |`).join("\n");

/** A page that says where it comes from, so that nobody edits it by hand. */
export const page = (source: string, title: string, parts: readonly string[]): string =>
  `${[`<!-- Generated from ${source} by \`npm run generate\`. -->`, `# ${title}`, ...parts].join("\n\n")}\n`;
