import type { RevenProx } from "@revenprox/contract/resource/revenprox";
import type { ProxyTarget } from "../../chaos/load/client.ts";

export interface Departure {
  readonly pod: string;
  readonly from: number;
  readonly to: number;
}

/** One RevenProx with its operator and proxies, and the ways to them. */
export interface Stage {
  /** Where this runs, for the report. */
  readonly kind: string;
  /** Ready pods that are to stay: where a Service leads. */
  targets(): readonly ProxyTarget[];
  /** When each pod that was deleted began to go, and when its process had ended; milliseconds since 1970. */
  departures(): readonly Departure[];
  readonly publishKey: string;
  read(): Promise<RevenProx>;
  /** Merges into the resource. */
  change(patch: object): Promise<void>;
  /** What the operator and others wrote last, for who looks into a failure. */
  operatorLog(): string;
  /** Rejects with what went wrong in the background. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}
