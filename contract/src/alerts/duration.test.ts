import { expect, test } from "vitest";
import { duration } from "./duration.ts";

test.each([
  [0, "0s"],
  [1, "1s"],
  [1.5, "1500ms"],
  [90, "90s"],
  [300, "5m"],
  [3_600, "1h"],
  [5_400, "90m"],
  [259_200, "3d"],
])("%d seconds are %s", (seconds, text) => expect(duration(seconds)).toBe(text));
