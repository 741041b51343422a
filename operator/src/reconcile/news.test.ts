import { expect, test } from "vitest";
import { createNews } from "./news.ts";
import type { ApplyOutcome } from "./ports.ts";

const ref = { apiVersion: "v1", kind: "Service", name: "web" };
const refused = (message: string): ApplyOutcome => ({ kind: "refused", ref, status: 422, reason: "Invalid", message });
const unchanged: ApplyOutcome = { kind: "unchanged", ref };

test.each<[string, readonly (readonly [seconds: number, ApplyOutcome])[], readonly boolean[]]>([
  [
    "trouble that lasts is news once in ten minutes",
    [
      [0, refused("no")],
      [20, refused("no")],
      [599, refused("no")],
      [600, refused("no")],
    ],
    [true, false, false, true],
  ],
  [
    "another trouble is",
    [
      [0, refused("no")],
      [20, refused("never")],
    ],
    [true, true],
  ],
  [
    "so is the same one after it was mended",
    [
      [0, refused("no")],
      [20, unchanged],
      [40, refused("no")],
    ],
    [true, true, true],
  ],
  [
    "a change always is",
    [
      [0, { kind: "changed", ref }],
      [1, { kind: "changed", ref }],
    ],
    [true, true],
  ],
])("%s", (_, outcomes, wanted) => {
  let seconds = 0;
  const news = createNews(() => seconds * 1_000);
  const said = outcomes.map(([at, outcome]) => {
    seconds = at;
    return news("apps/web Service web", outcome);
  });
  expect(said).toEqual(wanted);
});

test("each object has its own news", () => {
  const news = createNews(() => 0);
  expect([news("a", refused("no")), news("b", refused("no"))]).toEqual([true, true]);
});
