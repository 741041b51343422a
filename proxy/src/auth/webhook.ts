import { decodeJwt } from "jose";
import type { Span } from "../hub/tracing.ts";
import { patternList } from "./topic-pattern.ts";
import type { Upstream } from "./upstream.ts";
import { type UpstreamAnswer, UpstreamFailed } from "./upstream-answer.ts";
import type { Question } from "./verdict.ts";

/** Bytes of the longest answer that is read. */
const maxAnswerBytes = 65_536;

/** Longest time a webhook can have a verdict kept. */
const maxCacheTtlSec = 86_400;

/** What the webhook said. `later`: it is there, but has too much to do. */
export type WebhookAnswer =
  | {
      readonly kind: "yes";
      /** Seconds since 1970. */
      readonly exp: number | undefined;
      readonly subject: string | undefined;
      readonly topics: readonly string[] | undefined;
      readonly cacheTtlSec: number | undefined;
    }
  | { readonly kind: "no"; readonly of: "token" | "topic" }
  | { readonly kind: "later" };

const malformed = (what: string): UpstreamFailed => new UpstreamFailed(`the answer is malformed: ${what}`);

const parsed = (body: string): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Without the parser's message: it quotes the answer, which may hold what is not for the log.
    throw malformed("not JSON");
  }
  throw malformed("not a JSON object");
};

/** The value of an optional field; null counts as absent, since many languages write it so. */
const field = <T>(
  answer: Record<string, unknown>,
  name: string,
  read: (value: unknown) => T | undefined,
): T | undefined => {
  const value = answer[name];
  if (value === undefined || value === null) return undefined;
  const found = read(value);
  if (found === undefined) throw malformed(`${name} has the wrong type`);
  return found;
};

const seconds = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

const answerOf = (body: string): WebhookAnswer => {
  const answer = parsed(body);
  if (typeof answer["valid"] !== "boolean") throw malformed("valid is not a boolean");
  if (!answer["valid"]) return { kind: "no", of: "topic" };
  const ttl = field(answer, "cache_ttl_sec", seconds);
  return {
    kind: "yes",
    exp: field(answer, "exp", seconds),
    subject: field(answer, "sub", text),
    topics: field(answer, "topics", patternList),
    cacheTtlSec: ttl === undefined ? undefined : Math.min(ttl, maxCacheTtlSec),
  };
};

/** 4xx are answers, but for those that only ask for time. */
const answerOfStatus = (status: number): WebhookAnswer => {
  if (status === 429 || status === 408 || status === 425) return { kind: "later" };
  if (status >= 400 && status < 500) return { kind: "no", of: status === 401 ? "token" : "topic" };
  if (status >= 300 && status < 400) throw new UpstreamFailed(`HTTP ${status}: redirects are not followed`);
  throw new UpstreamFailed(`HTTP ${status}`);
};

const jwtForm = /^[^.]+\.[^.]+\.[^.]*$/;

/** The exp claim of a token that the webhook called good without naming an end; most tokens are JWTs. */
const ownEnd = (token: string): number | undefined => {
  // To find out by an error costs more than all the rest of the call.
  if (!jwtForm.test(token)) return undefined;
  try {
    return decodeJwt(token).exp;
  } catch {
    // It has the form of a JWT and is none: then it has no end of its own.
    return undefined;
  }
};

/** A call as a step of the request that needs it. */
const tracedCall = async (
  span: Span,
  url: string,
  call: (traceparent: string) => Promise<UpstreamAnswer>,
): Promise<UpstreamAnswer> => {
  const step = span.child({ kind: "webhook", host: new URL(url).hostname });
  try {
    const answer = await call(step.traceparent);
    step.end({ status: answer.status });
    return answer;
  } catch (error) {
    step.end({ error: "no_answer" });
    throw error;
  }
};

const answerTo = ({ token }: Question, { status, body }: UpstreamAnswer): WebhookAnswer => {
  if (status < 200 || status >= 300) return answerOfStatus(status);
  const said = answerOf(body);
  return said.kind === "yes" && said.exp === undefined ? { ...said, exp: ownEnd(token) } : said;
};

/** Asks the webhook once. Rejects with `UpstreamFailed`. */
export const askWebhook = (
  upstream: Pick<Upstream, "call">,
  url: string,
  question: Question,
): Promise<WebhookAnswer> => {
  const { token, topicId, topic, action, span } = question;
  const body = JSON.stringify({ jwt: token, topic: topicId, topic_name: topic, action });
  const call = { url, body, maxBytes: maxAnswerBytes };
  const answer =
    span === undefined
      ? upstream.call(call)
      : tracedCall(span, url, (traceparent) => upstream.call({ ...call, traceparent }));
  return answer.then((said) => answerTo(question, said));
};
