import fc from "fast-check";
import { expect, test } from "vitest";
import { parseTopic, parseTopicId } from "./topic.ts";

test.each([
  ["news", "news"],
  ["a/b/c", "a/b/c"],
  ["a//b/../c/", "a//b/../c/"],
  ["%61%2Fb", "a/b"],
  ["%2561", "%61"],
  ["a+b", "a+b"],
  ["%C3%BC", "ü"],
  ["e%CC%81", "e\u0301"],
  ["%EF%BB%BFa", "\ufeffa"],
  ["%20", " "],
  ["x".repeat(512), "x".repeat(512)],
])("%s is decoded once and kept as it is", (encoded, topic) => {
  expect(parseTopic(encoded)).toEqual({ kind: "topic", topic });
});

test.each([
  ["", "empty"],
  ["x".repeat(513), "too-long"],
  ["%C3%BC".repeat(257), "too-long"],
  ["%", "not-utf8"],
  ["%f", "not-utf8"],
  ["%zz", "not-utf8"],
  ["%ff", "not-utf8"],
  ["%c0%80", "not-utf8"],
  ["%ed%a0%80", "not-utf8"],
  ["\ud800", "not-utf8"],
  ["a%00b", "control-character"],
  ["a%0Ab", "control-character"],
  ["%7F", "control-character"],
  ["%C2%85", "control-character"],
])("%j is refused: %s", (encoded, reason) => {
  expect(parseTopic(encoded)).toEqual({ kind: "refused", reason });
});

test("a topic is what its percent-encoding says", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 100, unit: "grapheme" }), (name) => {
      const parsed = parseTopic(encodeURIComponent(name));
      if (parsed.kind === "topic") expect(parsed.topic).toBe(name);
      else expect(parsed.reason).not.toBe("not-utf8");
    }),
  );
});

test.each([
  ["0123456789abcdef0123456789abcdef", true],
  ["0123456789ABCDEF0123456789abcdef", false],
  ["0123456789abcdef0123456789abcde", false],
  ["_epoch", false],
])("%s as a topic id: %s", (id, valid) => {
  expect(parseTopicId(id)).toBe(valid ? id : undefined);
});
