import { expect, test } from "vitest";
import { TopicNames } from "./topic-names.ts";

test("a path names the same topic every time, and is looked at once", () => {
  const names = new TopicNames();
  const first = names.of("/events/a%2Fb");
  expect(first).toMatchObject({ kind: "topic", ref: { topic: "a/b", topicId: "c14cddc033f64b9dea80ea675cf280a0" } });
  expect(names.of("/events/a%2Fb")).toBe(first);
  expect(names.of("/events/a/b")).not.toBe(first);
});

test("what is no topic is refused every time", () => {
  const names = new TopicNames();
  for (const _ of [1, 2]) expect(names.of("/events/%00").kind).toBe("refused");
});

test("so many paths are remembered, not more", () => {
  const names = new TopicNames();
  const first = names.of("/events/first");
  for (let other = 0; other < 10_000; other += 1) names.of(`/events/${String(other).padStart(500, "x")}`);
  expect(names.of("/events/first")).not.toBe(first);
  expect(names.of("/events/first")).toEqual(first);
});
