import type { Answer, ResponseHeaders } from "../http/answer.ts";
import type { Exchange } from "./exchange.ts";
import type { Handle } from "./handle.ts";
import { WrappedExchange } from "./wrapped-exchange.ts";

/**
 * Whether a browser's own EventSource asks: it sends exactly this Accept and Sec-Fetch-Dest, and cannot send
 * Authorization. A page's fetch() that imitates all of it is taken for one, and understands the answer as well.
 */
export const isEventSource = (exchange: Pick<Exchange, "method" | "header">): boolean =>
  exchange.method === "GET" &&
  exchange.header("accept") === "text/event-stream" &&
  exchange.header("sec-fetch-dest") === "empty" &&
  exchange.header("authorization") === undefined;

/** Refusals that pass by themselves; EventSource would give up on them for good. */
const passing: ReadonlySet<number> = new Set([429, 503]);

const replaced = /^(content-type|cache-control|retry-after|access-control-expose-headers)$/i;

/**
 * Always softened: a browser that comes while a proxy shuts down did nothing wrong and has another proxy to go to, and
 * a stream that ended by the same shutdown would else be lost for good at its reconnect (ADR 11).
 */
const leaving = "draining";

const codeOf = (answer: Answer): unknown => {
  const problem: unknown = JSON.parse(String(answer.body));
  return typeof problem === "object" && problem !== null && "code" in problem ? problem.code : "refused";
};

export interface SoftRefusalParts {
  /** Whether refusals by limits and by the verifier are softened too. */
  readonly all: boolean;
  /** Base of the reconnection time in milliseconds. */
  readonly retryMs: () => number;
  readonly random: () => number;
}

/** A refusal as a stream that tells its client when to come back; other answers are left as they are. */
const softened = (answer: Answer, { all, retryMs, random }: SoftRefusalParts): Answer => {
  if (!passing.has(answer.status)) return answer;
  const code = codeOf(answer);
  if (!all && code !== leaving) return answer;
  const after = Number(answer.headers.find(([name]) => name === "Retry-After")?.[1] ?? 0) * 1_000;
  const retry = Math.round(Math.max(retryMs(), after) * (1 + random()));
  const headers: ResponseHeaders = [
    ["Content-Type", "text/event-stream"],
    ["Cache-Control", "no-store"],
    ...answer.headers.filter(([name]) => !replaced.test(name)),
  ];
  const data = JSON.stringify({ code, status: answer.status });
  return { status: 200, headers, body: `retry: ${retry}\n\nevent: revenprox.error\ndata: ${data}\n\n` };
};

/** `handle`, with its passing refusals softened for EventSource. */
export const softly =
  (parts: () => SoftRefusalParts, handle: Handle): Handle =>
  (exchange) => {
    if (!isEventSource(exchange)) return handle(exchange);
    const soft = parts();
    const answered = async (): Promise<Answer | undefined> => {
      const answer = await handle(
        new WrappedExchange(exchange, {
          respond: (told) => softened(told, soft),
          open: (opened) => ("writable" in opened ? opened : softened(opened, soft)),
        }),
      );
      return answer === undefined ? undefined : softened(answer, soft);
    };
    return answered();
  };
