import { type Environment, type ProxyProcess, startProxyProcess } from "./proxy-process.ts";

/** HTTP engines of the data plane; every promise about it is kept by both. */
export const engines = ["uws", "node"] as const;
export type Engine = (typeof engines)[number];

export const startOn = (engine: Engine, environment: Environment = {}): Promise<ProxyProcess> =>
  startProxyProcess({ REVENPROX_HTTP__ENGINE: engine, ...environment });
