import { describe, expect, it } from "vitest";
import { ignoredBy } from "./dockerignore.ts";

describe("ignoredBy", () => {
  it.each([
    ["**/node_modules", "node_modules", true],
    ["**/node_modules", "a/b/node_modules/c/d.js", true],
    ["**/node_modules", "a/my_node_modules", false],
    ["**/*.test.ts", "proxy/src/hub/topic.test.ts", true],
    ["**/*.test.ts", "proxy/src/hub/topic.ts", false],
    ["**/*.test.ts", "proxy/src/hub/topic-test.ts", false],
    [".git", ".git/config", true],
    [".git", "a/.git", false],
    [".git", "xgit", false],
    ["docs/", "docs/a.md", true],
    ["# docs", "docs/a.md", false],
    ["", "a", false],
  ])("%j and %j: %s", (dockerignore, path, expected) => {
    expect(ignoredBy(dockerignore)(path)).toBe(expected);
  });

  it.each(["!keep", "a?", "[ab]"])("refuses %s, which it does not know", (pattern) => {
    expect(() => ignoredBy(pattern)).toThrow("is not understood");
  });
});
