import { setTimeout as wait } from "node:timers/promises";
import type { HttpConfig } from "@revenprox/contract/config/proxy-config";
import type { Bus } from "./bus.ts";
import type { Listening } from "./edge/exchange.ts";
import type { Hub } from "./hub/hub.ts";
import type { Log } from "./hub/ports.ts";
import type { ServiceState } from "./service-state.ts";

/** How far the end of the streams is. */
export interface DrainStatus {
  readonly connections: number;
  /** Seconds from the beginning within which the last stream is ended. */
  readonly withinSec: number;
}

export interface DrainParts {
  readonly hub: Pick<Hub, "drain">;
  readonly state: Pick<ServiceState, "draining" | "health">;
  readonly http: () => Pick<HttpConfig, "shutdownGracePeriodSec" | "drainRatePerSec">;
  readonly log: Log;
}

/** The one end of all streams, whoever asks for it first. */
export interface Draining {
  /** Begins it, or finds it under way. */
  begin(): DrainStatus;
  /** Begins it where nobody has, and resolves when no stream is left. */
  done(): Promise<void>;
}

/** A proxy that serves. */
export interface RunningProxy {
  /** Ends every stream at a pace and then everything else; resolves within the grace period. */
  shutDown(): Promise<void>;
  /** Files that changed were refused, or are taken again. */
  configRefused(refused: boolean): void;
}

export interface ShutDownParts {
  readonly edge: Listening;
  readonly hub: Pick<Hub, "stop">;
  readonly draining: Draining;
  readonly bus: Pick<Bus, "close">;
  readonly management: { close(): Promise<unknown> };
  readonly tracing: { stop(): Promise<void> } | undefined;
  readonly log: Log;
  readonly watchers: readonly ({ stop(): void } | undefined)[];
}

/** Seconds of the grace period that are kept for what comes after the last stream. */
const reserveSec = 5;

/** Milliseconds in which last bytes and answers under way may still leave. */
const lingerMs = 250;

/** Not ready at once, and every open stream is ended at a pace. There is no way back. */
export const createDraining = ({ hub, state, http, log }: DrainParts): Draining => {
  let underWay: { readonly withinSec: number; readonly done: Promise<void> } | undefined;
  const begin = () => {
    if (underWay !== undefined) return underWay;
    const { shutdownGracePeriodSec, drainRatePerSec: ratePerSec } = http();
    const withinSec = shutdownGracePeriodSec - reserveSec;
    state.draining();
    log.info(`Draining: ${state.health().connections} open streams end within ${withinSec} s`);
    underWay = { withinSec, done: hub.drain({ withinMs: withinSec * 1_000, ratePerSec }) };
    return underWay;
  };
  return {
    begin: () => ({ withinSec: begin().withinSec, connections: state.health().connections }),
    done: () => begin().done,
  };
};

/** Not ready at once; streams end at a pace; then the listener, the bus and the rest. */
export const shutDown = async (parts: ShutDownParts): Promise<void> => {
  const { edge, hub, draining, bus, management, tracing, log, watchers } = parts;
  log.info("Shutting down");
  await draining.done();
  edge.closeListener();
  await wait(lingerMs);
  hub.stop();
  for (const watcher of watchers) watcher?.stop();
  await bus.close();
  await management.close();
  await tracing?.stop();
  edge.close();
  log.info("Shut down");
};
