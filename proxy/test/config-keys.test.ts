import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { configKeys } from "@revenprox/contract/config/key-list";
import { expect, test } from "vitest";

const source = fileURLToPath(new URL("../src", import.meta.url));
const programText = globSync("**/*.ts", { cwd: source })
  .filter((file) => !/\.(test|integration|contract)\.ts$|testing\//.test(file))
  .map((file) => readFileSync(`${source}/${file}`, "utf8"))
  .join("\n");

test.each(configKeys.map(({ section, name }) => [section ?? "top level", name]))(
  "somebody in the proxy reads %s %s",
  (_, name) => {
    expect(programText).toMatch(new RegExp(`\\b${name}\\b`));
  },
);
