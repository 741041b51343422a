import type { Health } from "../http/health.ts";
import type { HubStats } from "../hub/hub.ts";
import type { StreamMoves } from "../hub/open-streams.ts";
import type { LoopPeer, LoopState } from "./loop-calls.ts";
import type { LoopFleet } from "./loop-fleet.ts";
import {
  mergedBreaker,
  mergedDegraded,
  mergedMoves,
  mergedNotReady,
  mergedPeers,
  mergedStats,
} from "./merged-state.ts";

export interface SupervisedStateParts {
  readonly fleet: Pick<LoopFleet, "states" | "ended" | "missing" | "silent">;
  readonly loops: number;
  /** Topics with streams on any loop. */
  readonly topics: () => number;
  /** Streams that all loops accept together. */
  readonly effectiveMax: () => number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Where a proxy of several event loops is in its life, and what it says of itself: what its loops said last, added up. */
export class SupervisedState {
  readonly #parts: SupervisedStateParts;
  readonly #startedAt: number;
  #listening = false;
  #draining = false;

  constructor(parts: SupervisedStateParts) {
    this.#parts = parts;
    this.#startedAt = parts.now();
  }

  listening(): void {
    this.#listening = true;
  }

  draining(): void {
    this.#draining = true;
  }

  stats(): HubStats {
    const { fleet, topics, effectiveMax } = this.#parts;
    return mergedStats({
      loops: fleet.states(),
      ended: fleet.ended,
      topics: topics(),
      effectiveMax: effectiveMax(),
    });
  }

  health(): Health {
    const { fleet, now } = this.#parts;
    const states = fleet.states();
    const facts = {
      connections: states.reduce((sum, { health }) => sum + health.connections, 0),
      uptime_seconds: Math.floor((now() - this.#startedAt) / 1_000),
    };
    if (this.#draining) return { status: "draining", ...facts };
    const reasons = [...mergedDegraded(states), ...this.#missing()];
    return reasons.length > 0 ? { status: "degraded", ...facts, reasons } : { status: "healthy", ...facts };
  }

  /** Why no new client should come here; empty when they may. */
  notReady(): readonly string[] {
    if (!this.#listening) return ["the data port is not open"];
    if (this.#draining) return ["the proxy is shutting down"];
    const { fleet } = this.#parts;
    return [...mergedNotReady(fleet.states()), ...(fleet.silent > 0 ? ["an event loop does not answer"] : [])];
  }

  moves(): StreamMoves {
    return mergedMoves(this.#parts.fleet.states(), this.#parts.fleet.ended);
  }

  journalConnected(): boolean {
    const states = this.#parts.fleet.states();
    return states.length > 0 && states.every(({ journalConnected }) => journalConnected);
  }

  breaker(): LoopState["breaker"] {
    return mergedBreaker(this.#parts.fleet.states());
  }

  peers(): readonly LoopPeer[] {
    return mergedPeers(this.#parts.fleet.states());
  }

  #missing(): readonly string[] {
    const { fleet, loops } = this.#parts;
    const lacking = fleet.missing + fleet.silent;
    return this.#listening && lacking > 0 ? [`${lacking} of ${loops} event loops`] : [];
  }
}
