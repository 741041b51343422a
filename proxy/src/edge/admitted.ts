import type { ErrorCode } from "@revenprox/contract/errors";
import type { Refuse } from "../http/refusals.ts";
import { corsHeaders } from "./cors.ts";
import type { RequestOrigin } from "./exchange.ts";
import type { Handle } from "./handle.ts";

/** Decides before a request is looked at whether it is taken. Undefined: it is, and was counted. */
export interface Admit {
  refusal(
    kind: "stream" | "publish",
    origin: RequestOrigin,
  ): { readonly code: ErrorCode; readonly detail: string; readonly retryAfterSec?: number } | undefined;
}

export interface AdmittedParts {
  /** Absent: everything is taken. */
  readonly admission?: Admit | undefined;
  readonly corsAllowedOrigins: () => string;
  readonly refuse: Refuse;
}

/** `handle` behind the limits; HEAD opens nothing and is not counted. */
export const admitted =
  ({ admission, corsAllowedOrigins, refuse }: AdmittedParts, kind: "stream" | "publish", handle: Handle): Handle =>
  (exchange) => {
    const refusal = exchange.method === "HEAD" ? undefined : admission?.refusal(kind, exchange.origin());
    if (refusal === undefined) return handle(exchange);
    const { code, detail, retryAfterSec } = refusal;
    const cors = corsHeaders(corsAllowedOrigins(), exchange.header("origin"));
    const retry = retryAfterSec === undefined ? [] : ([["Retry-After", String(retryAfterSec)]] as const);
    return refuse(code, detail, [...retry, ...cors]);
  };
