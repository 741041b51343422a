import { globSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { configKeys } from "@revenprox/contract/config/key-list";
import { describe, expect, test } from "vitest";
import { tomlName } from "../src/config/known-keys.ts";
import type { EffectRow } from "./testing/effect-row.ts";

const folder = fileURLToPath(new URL("config-effects", import.meta.url));

const isRow = (value: unknown): value is EffectRow =>
  typeof value === "object" && value !== null && "key" in value && "name" in value && "run" in value;

/** Every array of rows that a file exports, under whatever name. */
const rowsOf = async (file: string): Promise<EffectRow[]> => {
  const exported: Record<string, unknown> = await import(pathToFileURL(`${folder}/${file}`).href);
  const rows = Object.values(exported).flatMap((value) => (Array.isArray(value) ? value.filter(isRow) : []));
  if (rows.length === 0) throw new Error(`config-effects/${file} exports no array of {key, name, run}`);
  return rows;
};

const files = globSync("*.ts", { cwd: folder }).toSorted();
const rows = (await Promise.all(files.map(rowsOf))).flat();
const known = configKeys.map(tomlName);

test("every config key has a row that proves its effect", () => {
  const proven = new Set(rows.map(({ key }) => key));
  expect(known.filter((key) => !proven.has(key))).toEqual([]);
});

test("every row is about a key that exists", () => {
  expect(rows.map(({ key }) => key).filter((key) => !known.includes(key))).toEqual([]);
});

describe.concurrent("a config key is obeyed", { timeout: 180_000 }, () => {
  test.each(rows.map((row) => [row.key, row.name, row] as const))("%s: %s", (_key, _name, row) => row.run());
});
