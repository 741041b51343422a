/** What decides whether this proxy should get new clients. */
export interface ReadinessFacts {
  readonly listening: boolean;
  /** Once is enough: a later outage of the bus hits all proxies alike, and taking all of them away helps nobody. */
  readonly reachedBusOnce: boolean;
  readonly bus: "the journal" | "NATS";
  readonly draining: boolean;
  readonly atCapacity: boolean;
}

export const atCapacityReason = "the limit on open streams is reached";

/** Why this proxy is not ready; empty when it is. */
export const notReadyReasons = (facts: ReadinessFacts): readonly string[] => [
  ...(facts.listening ? [] : ["the data port is not open"]),
  ...(facts.reachedBusOnce ? [] : [`${facts.bus} has not been reached yet`]),
  ...(facts.draining ? ["the proxy is shutting down"] : []),
  ...(facts.atCapacity ? [atCapacityReason] : []),
];
