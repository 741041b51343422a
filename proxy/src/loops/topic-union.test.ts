import { expect, test } from "vitest";
import { parseTopicId } from "../hub/topic.ts";
import { TopicUnion } from "./topic-union.ts";

const id = (digit: string) => {
  const parsed = parseTopicId(digit.repeat(32));
  if (parsed === undefined) throw new Error("no topic id");
  return parsed;
};

test("a topic counts once, for as long as one loop has streams on it", () => {
  const topics = new TopicUnion();
  topics.set(1, id("a"), true);
  topics.set(2, id("a"), true);
  topics.set(2, id("a"), true);
  topics.set(2, id("b"), true);
  expect(topics.size).toBe(2);
  topics.set(1, id("a"), false);
  topics.set(1, id("a"), false);
  expect(topics.size).toBe(2);
  topics.forget(2);
  expect(topics.size).toBe(0);
  topics.set(2, id("a"), true);
  expect(topics.size).toBe(1);
});
