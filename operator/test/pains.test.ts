import { readdir, readFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

interface Row {
  readonly number: number;
  readonly file: string;
  readonly title: string;
}

/** Rows of docs/pains.md. */
const readRows = async (): Promise<readonly Row[]> => {
  const text = await readFile(`${root}docs/pains.md`, "utf8");
  return [...text.matchAll(/^\| (\d+) \|.*\| `([^`]+)`: (.+) \|$/gm)].map(([, number, file = "", title = ""]) => ({
    number: Number(number),
    file,
    title,
  }));
};

const ofASuite = /\.(test|integration|e2e)\.ts$/;

/** Whether a suite runs the tests of this file: by its name, or since tests import it. */
const isRun = async (file: string): Promise<boolean> => {
  if (ofASuite.test(file)) return true;
  const folder = `${root}operator/src`;
  const tests = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".test.ts"));
  const sources = await Promise.all(tests.map((name) => readFile(`${folder}/${name}`, "utf8")));
  return sources.some((source) => source.includes(`/${basename(file)}"`));
};

test("every one of the fifteen complaints is met by tests of these titles", async () => {
  const rows = await readRows();
  expect([...new Set(rows.map(({ number }) => number))]).toEqual(Array.from({ length: 15 }, (_, index) => index + 1));
  for (const { file, title } of rows) {
    const source = await readFile(`${root}${file}`, "utf8");
    expect(await isRun(file), `${file} is of no suite`).toBe(true);
    expect(source, `${file} leaves tests out`).not.toMatch(/\.(skip|skipIf|runIf|todo|only)\b/);
    // The first argument of a call.
    const titles = [...source.matchAll(/\(\s*(["`])(.*?)\1,/g)];
    expect(
      titles.map(([, , text = ""]) => text).filter((text) => text.endsWith(title)),
      `${file}: ${title}`,
    ).toHaveLength(1);
  }
});
