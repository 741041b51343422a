import { readdir, readFile } from "node:fs/promises";
import { instanceAlertNames } from "@revenprox/contract/alerts/catalogue";
import { operatorAlertNames } from "@revenprox/contract/alerts/operator-alerts";
import { expect, test } from "vitest";

const folder = new URL("../../docs/runbooks/", import.meta.url);
const names = [...instanceAlertNames, ...operatorAlertNames];

test("every alert has its runbook page, and every page its alert", async () => {
  const pages = await readdir(folder);
  expect(pages.toSorted()).toEqual(names.map((name) => `${name}.md`).toSorted());
});

test.each(names)("%s says what it means, how to see it and what to do", async (name) => {
  const text = await readFile(new URL(`${name}.md`, folder), "utf8");
  const sections = text.split(/^## /m).map((section) => section.trim());
  expect(sections[0]).toMatch(new RegExp(`^# ${name}\\n\\n\\*\\*(Critical|Warning)`));
  expect(sections.slice(1).map((section) => section.split("\n")[0])).toEqual(["What it means", "See it", "Do"]);
  for (const section of sections) expect(section.split("\n").slice(1).join("").trim().length).toBeGreaterThan(40);
  expect(sections[3]).toMatch(/^1\. /m);
});
