import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { cases } from "./case-list.ts";
import { judgeNames } from "./judges/judge.ts";
import { conformancePage } from "./table.ts";

test("docs/conformance.md lists the cases as they are; `npm run generate` writes it", () => {
  const file = fileURLToPath(new URL("../../docs/conformance.md", import.meta.url));
  expect(readFileSync(file, "utf8")).toBe(conformancePage(cases));
});

test("there are at least 60 cases, each with a name of its own and a judge", () => {
  expect(cases.length).toBeGreaterThanOrEqual(60);
  expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  for (const { name, judges } of cases) expect([name, judges.length > 0]).toEqual([name, true]);
});

test("every judge has cases", () => {
  for (const name of judgeNames) expect(cases.some(({ judges }) => judges.includes(name))).toBe(true);
});
