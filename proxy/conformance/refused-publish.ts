import { deepEqual } from "node:assert/strict";
import type { ConformanceCase } from "./case.ts";
import { mustBeSilent, mustReceive } from "./delivery.ts";

/** A case in which bodies are refused, and nothing of them reaches a stream. */
export const refusedPublish = (
  words: Pick<ConformanceCase, "name" | "demand" | "section" | "wpt">,
  refusal: { readonly status: number; readonly code: string },
  bodies: readonly object[],
): ConformanceCase => ({
  ...words,
  judges: ["chromium", "eventsource", "eventsource-parser", "wire"],
  run: async (bench) => {
    const opened = await bench.openAll();
    for (const body of bodies) {
      const response = await fetch(`${bench.base}${bench.path}`, {
        method: "POST",
        body: JSON.stringify(body),
        headers: { "content-type": "application/json" },
      });
      const { code } = (await response.json()) as { readonly code?: string };
      deepEqual({ status: response.status, code }, refusal);
    }
    await mustReceive(opened, [{ data: "good" }], [await bench.send({ data: "good" })]);
    await mustBeSilent(opened);
  },
});
