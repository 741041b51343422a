import pages from "./runbooks.json" with { type: "json" };

/** What docs/runbooks says about each alert, as Markdown; kept as data so that the operator can serve it. */
export const runbooks: ReadonlyMap<string, string> = new Map(Object.entries(pages));
