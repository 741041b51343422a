import type { RequestClass, RequestRoute } from "@revenprox/contract/metrics";
import type { Answer } from "../http/answer.ts";
import { mended, whenThere } from "../hub/soon.ts";
import type { Handle } from "./handle.ts";
import { type Between, WrappedExchange } from "./wrapped-exchange.ts";

/** Counts requests by how they ended for their client. */
export type CountRequest = (route: RequestRoute, how: RequestClass) => void;

/** The class of an HTTP status. */
export const classOf = (status: number): RequestClass => {
  if (status < 400) return "success";
  if (status < 500) return "client_error";
  return status === 503 ? "unavailable" : "server_error";
};

/** Tells with what a request is answered on its exchange, or its stream was opened or refused. */
const watched = (ended: (status: number) => void): Between => ({
  respond: (answer) => {
    ended(answer.status);
    return answer;
  },
  open: (result) => {
    ended("writable" in result ? 200 : result.status);
    return result;
  },
});

/** `handle`, each request counted once; not those whose client is gone before it is answered. */
export const counted = (count: CountRequest | undefined, route: RequestRoute, handle: Handle): Handle => {
  if (count === undefined) return handle;
  const ended = (status: number): void => count(route, classOf(status));
  const answered = (answer: Answer | undefined): Answer | undefined => {
    if (answer !== undefined) ended(answer.status);
    return answer;
  };
  const failed = (fault: unknown): never => {
    ended(500);
    throw fault;
  };
  const between = watched(ended);
  return (exchange) => mended(() => whenThere(handle(new WrappedExchange(exchange, between)), answered), failed);
};
