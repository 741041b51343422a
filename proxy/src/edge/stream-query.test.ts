import { describe, expect, test } from "vitest";
import { parseStreamQuery } from "./stream-query.ts";
import { streamTopics } from "./stream-topics.ts";
import { TopicNames } from "./topic-names.ts";

const names = (path: string, query: string): readonly string[] | string => {
  const parsed = streamTopics(new TopicNames(), path, query, 3);
  return parsed.kind === "topics" ? parsed.topics.map(({ topic }) => topic) : parsed.detail;
};

describe("topics", () => {
  test.each([
    ["/events/a%2Fb", "topic=x", ["a/b"]],
    ["/events", "topic=a&topic=b", ["a", "b"]],
    ["/events", "topic=a&topic=b&topic=a&topic=b&topic=c", ["a", "b", "c"]],
    ["/events", "last=1&topic=gr%C3%BC%C3%9Fe&envelope=json", ["grüße"]],
    ["/events", "topic=a+b&topic=a%2Bb&topic=a%20b", ["a b", "a+b"]],
    ["/events", "topic=a=b", ["a=b"]],
  ])("%s?%s", (path, query, topics) => {
    expect(names(path, query)).toEqual(topics);
  });

  test.each([
    ["", "name a topic"],
    ["topics=a", "name a topic"],
    ["topic=a&topic=", 'topic parameter 2 (""): the topic is empty'],
    ["topic=a&topic", 'topic parameter 2 (""): the topic is empty'],
    ["topic=%ff", 'topic parameter 1 ("%ff"): the topic is not percent-encoded UTF-8'],
    ["topic=\ufffd", "the topic is not percent-encoded UTF-8"],
    ["topic=a&topic=b%00", 'topic parameter 2 ("b%00"): the topic contains a control character'],
    [`topic=${"x".repeat(513)}`, `topic parameter 1 ("${"x".repeat(64)}"): the topic is longer than 512 bytes`],
    ["topic=a&topic=b&topic=c&topic=d", "a stream takes at most 3 topics (max_topics_per_stream)"],
  ])("/events?%s is refused", (query, detail) => {
    expect(names("/events", query)).toContain(detail);
  });
});

describe("where a stream begins, and its form", () => {
  const fresh = { lastEventId: undefined, bootstrap: undefined, encoding: "plain" };
  test.each([
    ["", fresh],
    ["token=x&unknown=y", fresh],
    ["lastEventId=1-001", { ...fresh, lastEventId: "1-001" }],
    ["lastEventId=%zz", { ...fresh, lastEventId: "%zz" }],
    ["last=1", { ...fresh, bootstrap: { last: 1 } }],
    ["last=5&lastEventId=1-001", { ...fresh, lastEventId: "1-001", bootstrap: { last: 5 } }],
    ["since=2026-01-31T12:00:00Z", { ...fresh, bootstrap: { since: Date.UTC(2026, 0, 31, 12) } }],
    ["since=2026-01-31T12:00:00.250%2B01:00", { ...fresh, bootstrap: { since: Date.UTC(2026, 0, 31, 11, 0, 0, 250) } }],
    ["since=2026-01-31T12:00:00+01:00", { ...fresh, bootstrap: { since: Date.UTC(2026, 0, 31, 11) } }],
    ["envelope=json", { ...fresh, encoding: "envelope" }],
  ])("%s", (query, expected) => {
    expect(parseStreamQuery(query, 2, 10)).toEqual({ kind: "query", query: expected });
  });

  test.each([
    ["since=2026-02-30T00:00:00Z", "since must be a time as in RFC 3339"],
    ["since=2026-01-31T24:00:00Z", "since must be a time as in RFC 3339"],
    ["last=6", "last must be a whole number from 1 to 5 with 2 topics (max_replay_events is 10)"],
    ["last=0", "last must be a whole number"],
    ["last=", "last must be a whole number"],
    ["last=-1", "last must be a whole number"],
    ["last=1e1", "last must be a whole number"],
    ["since=", "since must be a time"],
    ["since=1767225600", "since must be a time"],
    ["since=2026-01-31", "since must be a time"],
    ["since=2026-13-31T12:00:00Z", "since must be a time"],
    ["last=1&since=2026-01-31T12:00:00Z", "last and since cannot both be given"],
    ["envelope=xml", "envelope can only be json"],
  ])("%s is refused", (query, detail) => {
    const parsed = parseStreamQuery(query, 2, 10);
    expect(parsed.kind === "refused" && parsed.detail).toContain(detail);
  });
});
