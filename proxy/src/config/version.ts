import { readFileSync } from "node:fs";

/** Version of this package. */
export const version = (): string => {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const { version: found } = JSON.parse(text) as { readonly version: string };
  return found;
};
