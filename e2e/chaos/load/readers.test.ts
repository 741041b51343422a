import { expect, test } from "vitest";
import { AnswerReader, BrokenAnswer } from "./answer-reader.ts";
import { type Block, BrokenStream, createBlockReader } from "./block-reader.ts";

const stream = "retry: 1000\nid: 1-001\n\n:\n\nid: 1-002\nevent: note\ndata: a\ndata: b\n\n:\nid: 1-003\n\n";
const head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const chunks = (text: string, size: number): string =>
  (text.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [])
    .map((part) => `${part.length.toString(16)}\r\n${part}\r\n`)
    .join("");

const blocks: readonly Block[] = [
  { id: "1-001", event: "message", data: undefined, retry: 1_000 },
  { id: undefined, event: "message", data: undefined, retry: undefined },
  { id: "1-002", event: "note", data: "a\nb", retry: undefined },
  { id: "1-003", event: "message", data: undefined, retry: undefined },
];

test.each([1, 2, 3, 7, 1_000])("an answer in pieces of %i bytes", (size) => {
  const found: Block[] = [];
  const read = createBlockReader((block) => found.push(block));
  const answer = new AnswerReader(read);
  const bytes = Buffer.from(`${head}${chunks(stream, 11)}0\r\n\r\n`);
  for (let at = 0; at < bytes.length; at += size) answer.feed(bytes.subarray(at, at + size));
  expect([found, answer.status, answer.complete]).toEqual([blocks, 200, true]);
});

test("half a block at the end counts for nothing", () => {
  const found: Block[] = [];
  createBlockReader((block) => found.push(block))("id: 1-001\ndata: a\n\nid: 1-002\ndata: b\n");
  expect(found.map(({ id }) => id)).toEqual(["1-001"]);
});

test("a refusal has a status and no text", () => {
  const answer = new AnswerReader(() => expect.unreachable());
  answer.feed(Buffer.from("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}"));
  expect([answer.status, answer.complete]).toEqual([503, true]);
});

test.each([
  ["a status line that is none", "SSH-2.0-x\r\n\r\n"],
  ["a stream that is not chunked", "HTTP/1.1 200 OK\r\n\r\n"],
  ["a chunk size that is none", `${head}data: x\r\n`],
  ["a chunk size without end", `${head}${"1".repeat(100)}`],
  ["a chunk longer than its size", `${head}1\r\nab\r\n`],
])("%s is told", (_, text) => {
  expect(() => new AnswerReader(() => undefined).feed(Buffer.from(text))).toThrow(BrokenAnswer);
});

test("a field that no proxy writes is told", () => {
  expect(() => createBlockReader(() => undefined)("dta: x\n\n")).toThrow(BrokenStream);
});
