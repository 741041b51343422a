import { setTimeout as wait } from "node:timers/promises";
import type { HttpConfig } from "@revenprox/contract/config/proxy-config";
import type { Bus } from "./compose-bus.ts";
import type { Listening } from "./edge/exchange.ts";
import type { Hub } from "./hub/hub.ts";
import type { Log } from "./hub/ports.ts";
import type { ServiceState } from "./service-state.ts";

/** A proxy that serves. */
export interface RunningProxy {
  /** Ends every stream at a pace and then everything else; resolves within the grace period. */
  shutDown(): Promise<void>;
}

export interface ShutDownParts {
  readonly edge: Listening;
  readonly hub: Pick<Hub, "drain" | "stop" | "stats">;
  readonly bus: Pick<Bus, "close">;
  readonly management: { close(): Promise<unknown> };
  readonly state: Pick<ServiceState, "draining" | "health">;
  readonly log: Log;
  readonly http: () => Pick<HttpConfig, "shutdownGracePeriodSec" | "drainRatePerSec">;
  readonly watchers: readonly ({ stop(): void } | undefined)[];
}

/** Seconds of the grace period that are kept for what comes after the last stream. */
const reserveSec = 5;

/** Milliseconds in which last bytes and answers under way may still leave. */
const lingerMs = 250;

/** Not ready at once; streams end at a pace; then the listener, the bus and the rest. */
export const shutDown = async (parts: ShutDownParts): Promise<void> => {
  const { edge, hub, bus, management, state, log, watchers } = parts;
  const { shutdownGracePeriodSec, drainRatePerSec } = parts.http();
  const { connections } = state.health();
  state.draining();
  log.info(`Shutting down: ${connections} open streams end within ${shutdownGracePeriodSec - reserveSec} s`);
  await hub.drain({ withinMs: (shutdownGracePeriodSec - reserveSec) * 1_000, ratePerSec: drainRatePerSec });
  edge.closeListener();
  await wait(lingerMs);
  hub.stop();
  for (const watcher of watchers) watcher?.stop();
  await bus.close();
  await management.close();
  edge.close();
  log.info("Shut down");
};
