import type { ErrorCode } from "@revenprox/contract/errors";
import type { Answer } from "../http/answer.ts";
import type { Clock } from "../hub/ports.ts";
import type { Certificate, ExchangeHandler, ListenAddress, Listening } from "./exchange.ts";
import type { HeadLimits } from "./request-head.ts";

export interface EngineParts {
  readonly address: ListenAddress;
  /** Other processes listen on the same address, and the kernel spreads connections over them. Absent: it is this process's alone. */
  readonly shared?: boolean;
  readonly handle: ExchangeHandler;
  readonly head: HeadLimits;
  /** Whether PROXY protocol of that peer is believed. */
  readonly trusts: (peer: string) => boolean;
  readonly clock: Pick<Clock, "now" | "after">;
  /** Milliseconds after which a client that takes nothing of what waits for it is cut. */
  readonly slowClientMs: () => number;
  /** Absent: plain HTTP. */
  readonly certificate: Certificate | undefined;
  /** The answer to what is refused before it becomes an exchange. */
  readonly refuse: (code: ErrorCode, detail: string) => Answer;
}

/** Serves `handle`. Throws `CannotListen`, and `EngineMissing` where the engine cannot run. */
export type Listen = (parts: EngineParts) => Promise<Listening>;
