import type { z } from "zod";
import { type KeyNote, keyNotes } from "./key.ts";
import { processKeys } from "./process.ts";
import { sections } from "./proxy-config.ts";

/** One key of the configuration: `section` is absent for the top level; names are in camelCase. */
export interface ConfigKey extends KeyNote {
  readonly section: string | undefined;
  readonly name: string;
  readonly schema: z.ZodType;
}

const keysOf = (section: string | undefined, shape: Record<string, z.ZodType>): ConfigKey[] =>
  Object.entries(shape).map(([name, schema]) => {
    const note = keyNotes.get(schema);
    if (note === undefined)
      throw new Error(`config key ${section ?? "top"}.${name} has no note: use live, cold or operated`);
    return { section, name, schema, ...note };
  });

/** Every key that a proxy knows, in the order of the documentation. */
export const configKeys: readonly ConfigKey[] = [
  ...keysOf(undefined, processKeys),
  ...Object.entries(sections).flatMap(([section, schema]) => keysOf(section, schema.unwrap().shape)),
];
