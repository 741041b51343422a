/** The headers in a head, by their lower-case names. */
export const headersOf = (head: string): ReadonlyMap<string, string> =>
  new Map(
    head
      .split("\r\n")
      .slice(1)
      .map((line): [string, string] => [
        line.slice(0, line.indexOf(":")).toLowerCase(),
        line.slice(line.indexOf(":") + 1).trim(),
      ]),
  );
