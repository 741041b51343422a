import type { Health } from "./http/health.ts";
import { notReadyReasons } from "./http/readiness.ts";
import type { Hub, HubStats } from "./hub/hub.ts";
import type { Clock, Journal } from "./hub/ports.ts";

export interface ServiceStateParts {
  readonly hub: Pick<Hub, "stats" | "degraded">;
  readonly journal: Pick<Journal, "known" | "keepsNothing">;
  readonly clock: Pick<Clock, "now">;
  /** What is amiss with the bus, in words. */
  readonly troubles: () => readonly string[];
}

/** Where the process is in its life, and what it says of itself. */
export class ServiceState {
  readonly #parts: ServiceStateParts;
  readonly #startedAt: number;
  #listening = false;
  #draining = false;

  constructor(parts: ServiceStateParts) {
    this.#parts = parts;
    this.#startedAt = parts.clock.now();
  }

  listening(): void {
    this.#listening = true;
  }

  draining(): void {
    this.#draining = true;
  }

  stats(): HubStats {
    return this.#parts.hub.stats();
  }

  health(): Health {
    const { hub, clock, troubles } = this.#parts;
    const { totalCreated, totalClosed } = hub.stats();
    const facts = {
      connections: totalCreated - totalClosed,
      uptime_seconds: Math.floor((clock.now() - this.#startedAt) / 1_000),
    };
    if (this.#draining) return { status: "draining", ...facts };
    const reasons = [...hub.degraded, ...troubles()];
    return reasons.length > 0 ? { status: "degraded", ...facts, reasons } : { status: "healthy", ...facts };
  }

  /** Why no new client should come here; empty when they may. */
  notReady(): readonly string[] {
    const { totalCreated, totalClosed, effectiveMax } = this.stats();
    const { known, keepsNothing } = this.#parts.journal;
    return notReadyReasons({
      listening: this.#listening,
      reachedBusOnce: known !== undefined,
      bus: keepsNothing === true ? "NATS" : "the journal",
      draining: this.#draining,
      atCapacity: totalCreated - totalClosed >= effectiveMax,
    });
  }
}
