import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { generatedFiles } from "./files.ts";

test.each([...generatedFiles()])("%s is what `npm run generate` writes", (path, content) => {
  expect(readFileSync(new URL(`../../${path}`, import.meta.url), "utf8")).toBe(content);
});

test("the CRD is small enough for a client-side kubectl apply", () => {
  expect(generatedFiles().get("crds/revenprox.yaml")?.length).toBeLessThan(100 * 1024);
});
