import { describe, expect, it } from "vitest";
import { readPublishAnswer } from "./publish-answer.ts";

const answer = (payload: unknown) => readPublishAnswer(new TextEncoder().encode(JSON.stringify(payload)));

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

  it("an empty answer is that of no responders", () => {
    expect(readPublishAnswer(new Uint8Array(0))).toEqual({ kind: "retry", cause: "no responders" });
  });

  it.each(["{", "null", "7"])("an answer that cannot be read is refused, not thrown: %s", (payload) => {
    expect(readPublishAnswer(new TextEncoder().encode(payload))).toMatchObject({ kind: "refused" });
  });
});
