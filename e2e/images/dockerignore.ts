/** Reads a .dockerignore and returns the test whether a path of the context is left out. */
export function ignoredBy(dockerignore: string): (path: string) => boolean {
  const patterns = dockerignore
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map(toRegExp);
  return (path) => patterns.some((pattern) => pattern.test(path));
}

function toRegExp(pattern: string): RegExp {
  if (/[!?[\]\\]/.test(pattern)) {
    throw new Error(
      `.dockerignore: "${pattern}" is not understood here. Use plain paths, "*" and a leading "**/" only`,
    );
  }
  const anywhere = pattern.startsWith("**/");
  const rest = (anywhere ? pattern.slice(3) : pattern.replace(/^\//, "")).replace(/\/$/, "");
  const body = rest.replaceAll(".", "\\.").replaceAll("*", "[^/]*");
  return new RegExp(`^${anywhere ? "(?:.*/)?" : ""}${body}(?:/.*)?$`);
}
