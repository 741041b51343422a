import fc from "fast-check";
import { expect, test } from "vitest";
import { firstAfter } from "./page.ts";

test("a page is what sorting everything would give", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ minLength: 1 })),
      fc.string(),
      fc.integer({ min: 1, max: 5 }),
      (names, after, most) => {
        const expected = names.filter((name) => name > after).toSorted((a, b) => (a < b ? -1 : 1));
        expect(firstAfter(names, (name) => name, after, most)).toEqual(expected.slice(0, most));
      },
    ),
  );
});
