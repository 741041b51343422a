/** A query's parameters as they were sent. */
export interface QueryParameters {
  /** Percent-encoded values of all parameters of that name. */
  all(name: string): readonly string[];
  /** The first one's value; what is no percent-encoded UTF-8 stays as it is. */
  first(name: string): string | undefined;
}

/** `+` stays `+`: times have it, and event ids are not form fields. */
const decoded = (encoded: string): string => {
  try {
    return decodeURIComponent(encoded);
  } catch (error) {
    if (error instanceof URIError) return encoded;
    throw error;
  }
};

/** `query` is what follows the question mark. */
export const queryParameters = (query: string): QueryParameters => {
  const pairs = query.split("&").map((pair): [string, string] => {
    const at = pair.indexOf("=");
    return at === -1 ? [decoded(pair), ""] : [decoded(pair.slice(0, at)), pair.slice(at + 1)];
  });
  const all = (name: string) => pairs.filter(([key]) => key === name).map(([, value]) => value);
  return {
    all,
    first: (name) => {
      const [value] = all(name);
      return value === undefined ? undefined : decoded(value);
    },
  };
};
