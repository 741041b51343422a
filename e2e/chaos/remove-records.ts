import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Of a good run the report says enough. */
export const removeRecords = (folder: string): void => {
  for (const file of readdirSync(folder)) if (file.endsWith(".record")) rmSync(join(folder, file));
};
