import { describe, expect, it } from "vitest";
import { readPublishAnswer } from "./publish-answer.ts";

const answer = (payload: unknown) => readPublishAnswer(Buffer.from(JSON.stringify(payload)));

describe("readPublishAnswer", () => {
  it.each<[string, unknown, unknown]>([
    ["stored", { stream: "S", seq: 7 }, { kind: "stored", sequence: 7, duplicate: false }],
    ["stored before", { seq: 7, duplicate: true }, { kind: "stored", sequence: 7, duplicate: true }],
    ["id in process", { error: { code: 409, err_code: 10_158, description: "d" } }, { kind: "retry", cause: "d" }],
    ["unavailable", { error: { code: 503, err_code: 10_008, description: "d" } }, { kind: "retry", cause: "d" }],
    ["refused", { error: { code: 400, err_code: 10_054, description: "d" } }, { kind: "refused", cause: "d" }],
    ["neither", { stream: "S" }, { kind: "refused" }],
  ])("%s", (_, payload, expected) => {
    expect(answer(payload)).toMatchObject(expected as object);
  });

  it.each<[string, unknown]>([
    ['{"stream":"S", "seq":7}', { kind: "stored", sequence: 7, duplicate: false }],
    ['{"stream":"S","seq":7}', { kind: "stored", sequence: 7, duplicate: false }],
    ['{"stream":"S","seq":7,"duplicate":true}', { kind: "stored", sequence: 7, duplicate: true }],
    ['{"stream":"S","seq":0}', { kind: "refused" }],
    ['{"stream":"S","seq":}', { kind: "refused" }],
    ['{"stream":"S","seq":7', { kind: "refused" }],
    ['{"stream":"S\\"","seq":7}', { kind: "stored", sequence: 7, duplicate: false }],
    ['{"stream":"S","error":{"description":"\\"seq\\":7"}}', { kind: "refused" }],
    ['{"stream":"', { kind: "refused" }],
  ])("reads %s, whatever lies around it", (text, expected) => {
    const bytes = Buffer.from(`"seq":1}${text}"seq":2}`);
    expect(readPublishAnswer(bytes, 8, bytes.length - 8)).toMatchObject(expected as object);
  });

  it("an empty answer is that of no responders", () => {
    expect(readPublishAnswer(Buffer.alloc(0))).toEqual({ kind: "retry", cause: "no responders" });
  });

  it.each(["{", "null", "7"])("an answer that cannot be read is refused, not thrown: %s", (payload) => {
    expect(readPublishAnswer(Buffer.from(payload))).toMatchObject({ kind: "refused" });
  });
});
