import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { errors } from "@revenprox/contract/errors";
import { refusalReasons } from "@revenprox/contract/metric-labels";
import { expect, test } from "vitest";

const source = fileURLToPath(new URL("../src", import.meta.url));
const programText = globSync("**/*.ts", { cwd: source })
  .filter((file) => !/\.(test|integration|contract)\.ts$|testing\//.test(file))
  .map((file) => readFileSync(`${source}/${file}`, "utf8"))
  .join("\n");

test.each(Object.keys(errors))("some answer of the proxy has the code %s", (code) => {
  expect(programText).toMatch(new RegExp(`\\b${code}\\b`));
});

test("every reason of refusals_total is that of a code", () => {
  const reasons = new Set<string>(Object.values(errors).map(({ reason }) => reason));
  expect(refusalReasons.filter((reason) => !reasons.has(reason))).toEqual([]);
});
