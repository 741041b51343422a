import type { RequestClass, RequestRoute } from "@revenprox/contract/metric-labels";
import type { Answer } from "../http/answer.ts";
import { whenSettled } from "../hub/soon.ts";
import type { Handle } from "./handle.ts";

/** Counts requests by how they ended for their client. */
export type CountRequest = (route: RequestRoute, how: RequestClass) => void;

/** The class of an HTTP status. */
export const classOf = (status: number): RequestClass => {
  if (status < 400) return "success";
  if (status < 500) return "client_error";
  return status === 503 ? "unavailable" : "server_error";
};

/**
 * `handle`, each request counted once by its answer; not those whose client is gone before it is answered, nor those
 * that begin a stream or wait for their body, which tell by themselves how they ended.
 */
export const counted = (count: CountRequest | undefined, route: RequestRoute, handle: Handle): Handle => {
  if (count === undefined) return handle;
  const answered = (answer: Answer | undefined): Answer | undefined => {
    if (answer !== undefined) count(route, classOf(answer.status));
    return answer;
  };
  const failed = (fault: unknown): never => {
    count(route, "server_error");
    throw fault;
  };
  return (exchange) => whenSettled(handle, exchange, answered, failed);
};
