import { expect, test } from "vitest";
import { RequestCounts } from "./request-counts.ts";

test("every request is handed over once", () => {
  const counts = new RequestCounts();
  const told: [string, string, number][] = [];
  const counter = {
    inc: (labels: { route: string; class: string }, by: number) => void told.push([labels.route, labels.class, by]),
  };
  for (let request = 0; request < 3; request += 1) counts.add("publish", "success");
  counts.add("publish", "client_error");
  counts.add("subscribe", "success");
  counts.handOver(counter);
  counts.handOver(counter);
  counts.add("publish", "success");
  counts.handOver(counter);
  expect(told).toEqual([
    ["publish", "success", 3],
    ["publish", "client_error", 1],
    ["subscribe", "success", 1],
    ["publish", "success", 1],
  ]);
});
