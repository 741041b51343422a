import { expect, test } from "vitest";
import type { Answer } from "../http/answer.ts";
import { problemAnswer } from "../http/problem.ts";
import type { Exchange, RequestHeader } from "./exchange.ts";
import { softly } from "./soft-refusal.ts";

const eventSource = { accept: "text/event-stream", "sec-fetch-dest": "empty" };
type Headers = Partial<Record<RequestHeader, string>>;

/** What a client with these headers is answered where the route answers `refusal`, at once or when the stream is opened. */
const answered = async (refusal: Answer, headers: Headers, late: boolean, on = true): Promise<Answer> => {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const exchange: Exchange = {
    method: "GET",
    path: "/events/a",
    query: "",
    header: (name) => headers[name],
    origin: () => ({ peer: "127.0.0.1", proxied: undefined, forwardedFor: undefined, forwarded: undefined }),
    readBody: () => undefined,
    respond: resolve,
    stream: (_, opener) => {
      const opened = opener.open({ write: () => true, end: () => undefined });
      if ("status" in opened) resolve(opened);
    },
  };
  const handle = softly(
    () => ({ all: on, retryMs: () => 2_000, random: () => 0.5 }),
    (inner) => {
      if (!late) return refusal;
      inner.stream([], { open: () => refusal });
      return undefined;
    },
  );
  const answer = await handle(exchange);
  return answer ?? promise;
};

test.each([false, true])("EventSource is told when to come back (refused late: %s)", async (late) => {
  const answer = await answered(
    problemAnswer("connections_exhausted", "full", [["Vary", "Origin"]]),
    eventSource,
    late,
  );
  expect(answer.status).toBe(200);
  expect(answer.body).toBe(
    'retry: 7500\n\nevent: revenprox.error\ndata: {"code":"connections_exhausted","status":503}\n\n',
  );
  expect(Object.fromEntries(answer.headers)).toEqual({
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    Vary: "Origin",
  });
});

test.each([false, true])("EventSource never gives up on a proxy that shuts down (late: %s)", async (late) => {
  const answer = await answered(problemAnswer("draining", ""), eventSource, late, false);
  expect([answer.status, answer.body]).toEqual([
    200,
    'retry: 3000\n\nevent: revenprox.error\ndata: {"code":"draining","status":503}\n\n',
  ]);
});

test.each<[string, Headers, boolean, Answer]>([
  ["curl", {}, true, problemAnswer("draining", "")],
  ["a library", { accept: "text/event-stream" }, true, problemAnswer("draining", "")],
  ["fetch with a token", { ...eventSource, authorization: "Bearer x" }, true, problemAnswer("draining", "")],
  ["EventSource at a limit while it is switched off", eventSource, false, problemAnswer("connections_exhausted", "")],
  ["EventSource without a token", eventSource, true, problemAnswer("credentials_missing", "")],
  ["EventSource with the wrong one", eventSource, true, problemAnswer("permission_denied", "")],
])("%s gets the refusal as it is", async (_, headers, on, refusal) => {
  expect(await answered(refusal, headers, false, on)).toEqual(refusal);
});
