import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Markdown without its examples, in which nothing is a link or a heading. */
const proseOf = (file: string): string => readFileSync(join(root, file), "utf8").replaceAll(/^```.*?^```$/gms, "");

/** Markdown files below a folder, but for those of packages. */
const documentsIn = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return /^(\.|node_modules$|dist$)/.test(entry.name) ? [] : documentsIn(path);
    return path.endsWith(".md") ? [path] : [];
  });

/** A heading's name in a link, as GitHub makes it. */
const anchorOf = (heading: string): string =>
  heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{Letter}\p{Number}_\- ]/gu, "")
    .replaceAll(" ", "-");

const anchorsOf = (file: string): ReadonlySet<string> =>
  new Set([...proseOf(file).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => anchorOf(heading)));

/** What is wrong with a link within the repository; undefined: nothing. */
const faultOf = (from: string, link: string): string | undefined => {
  const [path = "", anchor] = link.split("#");
  const to = path === "" ? from : normalize(join(dirname(from), path));
  if (!existsSync(join(root, to))) return `${from}: ${link} leads nowhere`;
  if (anchor === undefined || !to.endsWith(".md") || anchorsOf(to).has(anchor)) return undefined;
  return `${from}: ${to} has no heading #${anchor}`;
};

test("every link of a document within the repository leads somewhere, to a heading that is there", () => {
  const links = documentsIn(".").flatMap((file) =>
    [...proseOf(file).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => ({ file, link })),
  );
  const own = links.filter(({ link }) => !/^[a-z]+:/.test(link));
  expect(own.length).toBeGreaterThan(200);
  expect(own.flatMap(({ file, link }) => faultOf(file, link) ?? [])).toEqual([]);
});

test("CONTRIBUTING.md explains every command of package.json", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { readonly scripts: object };
  const text = readFileSync(join(root, "CONTRIBUTING.md"), "utf8");
  const explained = new Set([...text.matchAll(/^\| `npm (?:run )?([a-z0-9:]+)/gm)].map(([, name]) => name));
  expect([...explained].toSorted()).toEqual(Object.keys(scripts).toSorted());
});
