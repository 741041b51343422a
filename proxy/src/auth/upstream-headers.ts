import { nodeHttp } from "../http/node-http.ts";

/** Headers of a file; faults name lines, never their content. */
export interface HeaderLines {
  readonly headers: Readonly<Record<string, string>>;
  readonly faults: readonly string[];
}

/** Headers that the connection itself is made of. */
const ours = new Set([
  "connection",
  "content-length",
  "content-type",
  "expect",
  "host",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
]);

const valid = (name: string, value: string): boolean => {
  try {
    nodeHttp.validateHeaderName(name);
    nodeHttp.validateHeaderValue(name, value);
    return !ours.has(name);
  } catch {
    // Node says no by throwing; the line that is wrong is told by the caller.
    return false;
  }
};

/** `Name: value` lines; empty ones and those that begin with `#` mean nothing. */
export const parseHeaderLines = (text: string): HeaderLines => {
  const headers: Record<string, string> = {};
  const faults: string[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (colon > 0 && valid(name, value)) headers[name] = value;
    else faults.push(`line ${index + 1} is no header that can be sent`);
  }
  return { headers, faults };
};
