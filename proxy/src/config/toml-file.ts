import { readFileSync } from "node:fs";
import { parse, TomlError } from "smol-toml";
import type { ConfigFault } from "./fault.ts";
import { keyLines, lineOf } from "./key-lines.ts";
import { keysByTomlName, replacedSections, replacementOf, sectionNames } from "./known-keys.ts";
import type { Setting } from "./setting.ts";
import { nearest } from "./suggestion.ts";
import { isTable, type Table } from "./table.ts";

/** What was found in one source of configuration. */
export interface Findings {
  readonly settings: readonly Setting[];
  readonly faults: readonly ConfigFault[];
}

const unknownKey = (name: string): string => {
  const replaced = replacementOf(name);
  if (replaced !== undefined) return replaced;
  const meant = nearest(name, [...keysByTomlName.keys(), ...sectionNames]);
  return `unknown key ${name}${meant === undefined ? "" : `; did you mean ${meant}?`}`;
};

/** Keys of a parsed file, flat; a table that is not a section and a section that is not a table are faults. */
const flatten = (table: Table, where: (name: string) => string): Findings => {
  const settings: Setting[] = [];
  const faults: ConfigFault[] = [];
  const take = (name: string, value: unknown): void => {
    if (keysByTomlName.has(name)) settings.push({ name, value, where: where(name) });
    else faults.push({ where: where(name), message: unknownKey(name) });
  };
  for (const [key, value] of Object.entries(table)) {
    if (!sectionNames.has(key) && !(replacedSections.has(key) && isTable(value))) take(key, value);
    else if (isTable(value)) for (const [inner, item] of Object.entries(value)) take(`${key}.${inner}`, item);
    else faults.push({ where: where(key), message: `${key} is a section: write [${key}] on a line of its own` });
  }
  return { settings, faults };
};

/** Settings of a TOML text; `file` is what faults are attributed to. */
export const readToml = (file: string, text: string): Findings => {
  try {
    const lines = keyLines(text);
    return flatten(parse(text), (name) => {
      const line = lineOf(lines, name);
      return line === undefined ? file : `${file}:${line}`;
    });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = error.message.split("\n")[0]?.replace(/^Invalid TOML document: /, "") ?? "not TOML";
    return {
      settings: [],
      faults: [{ where: `${file}:${error.line}:${error.column}`, message: `not valid TOML: ${reason}` }],
    };
  }
};

/** Text of a config file, or why there is none. */
export type FileText =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "fault"; readonly fault: ConfigFault };

/** Reads a config file; blocks, so only for the start. */
export const readConfigFile = (file: string): FileText => {
  try {
    return { kind: "text", text: readFileSync(file, "utf8") };
  } catch (error) {
    return {
      kind: "fault",
      fault: { where: file, message: `cannot be read: ${error instanceof Error ? error.message : String(error)}` },
    };
  }
};
