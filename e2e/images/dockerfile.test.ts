import { describe, expect, it } from "vitest";
import { copiedSources } from "./dockerfile.ts";

describe("copiedSources", () => {
  it.each([
    ["one file", "COPY package.json ./", ["package.json"]],
    ["several files to one folder", "COPY a b/c ./", ["a", "b/c"]],
    ["ADD and lower case", "add a /x\ncopy b /y", ["a", "b"]],
    ["a leading ./ and a trailing slash", "COPY ./src/ /src", ["src"]],
    ["options", "COPY --chown=1:1 a /a", ["a"]],
    ["continued lines", "COPY a \\\n  b \\\n  /x", ["a", "b"]],
    ["a source named twice", "COPY a /x\nCOPY a /y", ["a"]],
    ["copies between stages", "COPY --from=build /app /app", []],
    ["comments and other instructions", "# COPY a b\nRUN cp COPY x", []],
  ])("reads %s", (_, dockerfile, expected) => {
    expect(copiedSources(dockerfile)).toEqual(expected);
  });

  it.each(["COPY . .", "COPY *.json ./", "COPY $FILE /x", 'COPY ["a b", "/x"]'])(
    "refuses %s, which it cannot follow",
    (dockerfile) => {
      expect(() => copiedSources(dockerfile)).toThrow("one by one");
    },
  );
});
