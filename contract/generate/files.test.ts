import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { customResourceDefinition } from "./crd.ts";
import { generatedFiles } from "./files.ts";

test.each([...generatedFiles()])("%s is what `npm run generate` writes", (path, content) => {
  expect(readFileSync(new URL(`../../${path}`, import.meta.url), "utf8")).toBe(content);
});

const crd = generatedFiles().get("crds/revenprox.yaml") ?? "";

test("the CRD is small enough for a client-side kubectl apply", () => {
  expect(Buffer.byteLength(crd)).toBeLessThan(100 * 1024);
});

test("lists on one line say what lists of lines said", () => {
  expect(parse(crd)).toEqual(customResourceDefinition());
});
