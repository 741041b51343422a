import { readdir } from "node:fs/promises";
import { alerts } from "@revenprox/contract/alerts";
import { expect, test } from "vitest";

test("every alert has its runbook page, and every page its alert", async () => {
  const pages = await readdir(new URL("../../docs/runbooks", import.meta.url));
  expect(pages.toSorted()).toEqual(alerts.map(({ name }) => `${name}.md`).toSorted());
});
