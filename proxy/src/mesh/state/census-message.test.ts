import { expect, test } from "vitest";
import { parseCensusAnswer, writeCensusAnswer } from "./census-message.ts";

const answer = { token: "a-1", proxyId: "proxy-1", subscribers: 3 };

test("an answer is read as it was written, also from a newer build", () => {
  expect(parseCensusAnswer(writeCensusAnswer(answer))).toEqual(answer);
  expect(parseCensusAnswer(JSON.stringify({ ...answer, v: 2, more: true }))).toEqual(answer);
});

test.each([
  "",
  "null",
  "[]",
  "{",
  JSON.stringify(answer),
  JSON.stringify({ ...answer, v: 1, subscribers: -1 }),
  JSON.stringify({ ...answer, v: 1, subscribers: "3" }),
  JSON.stringify({ ...answer, v: 1, proxyId: "" }),
  JSON.stringify({ ...answer, v: 1, proxyId: "x".repeat(257) }),
])("%s is no answer", (payload) => {
  expect(parseCensusAnswer(payload)).toBeUndefined();
});
