/** The paths of the build context that a Dockerfile copies into its stages, in order, without doubles. */
export function copiedSources(dockerfile: string): string[] {
  const sources = instructions(dockerfile).flatMap((instruction) => {
    const [name, ...words] = instruction.split(/\s+/);
    if (name?.toUpperCase() !== "COPY" && name?.toUpperCase() !== "ADD") return [];
    if (words.some((word) => word.startsWith("--from="))) return [];
    const paths = words.filter((word) => !word.startsWith("--")).slice(0, -1);
    for (const path of paths) assertPlain(path, instruction);
    return paths.map((path) => path.replace(/^\.\//, "").replace(/\/$/, ""));
  });
  return [...new Set(sources)];
}

function instructions(dockerfile: string): string[] {
  const withoutComments = dockerfile.split("\n").filter((line) => !line.trimStart().startsWith("#"));
  return withoutComments
    .join("\n")
    .replaceAll(/\\\n/g, " ")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

// Anything else would be left out of the content hash without a word, and a changed file would not make a new image.
function assertPlain(path: string, instruction: string): void {
  if (path === "." || /[*?$"'[\]]/.test(path)) {
    throw new Error(
      `cannot tell which files "${instruction}" copies: name files and folders one by one, without wildcards, variables or quotes`,
    );
  }
}
