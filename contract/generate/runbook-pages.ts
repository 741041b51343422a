import { readdirSync, readFileSync } from "node:fs";

const folder = new URL("../../docs/runbooks/", import.meta.url);

/** `contract/src/alerts/runbooks.json`: the pages of docs/runbooks by alert, for the operator to serve. */
export const runbookPages = (): string => {
  const pages = readdirSync(folder)
    .toSorted()
    .map((file) => [file.replace(/\.md$/, ""), readFileSync(new URL(file, folder), "utf8")]);
  return `${JSON.stringify(Object.fromEntries(pages), undefined, 2)}\n`;
};
