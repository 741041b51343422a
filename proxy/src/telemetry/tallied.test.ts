import { Counter, Registry } from "prom-client";
import { expect, test } from "vitest";
import { tallied } from "./tallied.ts";

test("what was counted reaches the counter once, at the scrape", async () => {
  const registry = new Registry();
  const counter = new Counter({ name: "sent_total", help: "Sent.", registers: [registry] });
  const refreshes: (() => void)[] = [];
  const add = tallied((refresh) => refreshes.push(refresh), counter);
  const scraped = async (): Promise<string> => {
    for (const refresh of refreshes) refresh();
    return registry.metrics();
  };
  add(2);
  add(3);
  expect(await scraped()).toContain("sent_total 5\n");
  expect(await scraped()).toContain("sent_total 5\n");
  add(1);
  expect(await scraped()).toContain("sent_total 6\n");
});
