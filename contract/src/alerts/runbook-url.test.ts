import { expect, test } from "vitest";
import { runbookUrl } from "./runbook-url.ts";

test.each([
  ["https://a.example/b", "https://a.example/b/X"],
  ["https://a.example/b//", "https://a.example/b/X"],
  ["https://a.example/{alert}.md#{alert}", "https://a.example/X.md#X"],
  ["", undefined],
])("below %j", (base, url) => expect(runbookUrl(base, "X")).toBe(url));
