/** Above or below what the alerts of one instance fire. */
export interface AlertThresholds {
  readonly highConnections: number;
  readonly rejectedPerSecond: number;
  readonly authFailuresPerSecond: number;
  readonly memoryPercent: number;
  readonly minPeers: number;
  readonly eventLoopLagMs: number;
  readonly slowClientsPerSecond: number;
  readonly gapsPerSecond: number;
  readonly holesPerSecond: number;
  readonly journalPercent: number;
  readonly journalSilenceSec: number;
}

/** What the defaults depend on. */
export interface InstanceSize {
  /** Streams one proxy accepts. */
  readonly maxConnections: number;
  readonly minReplicas: number;
}

/** Highest number of streams a proxy may hold before RevenProxHighConnections, whatever its limit (seed). */
const seedHighConnections = 80_000;
/** Peers below which RevenProxPeerDisconnected fires (seed). */
const seedMinPeers = 2;

/** The seed's thresholds where it names one, such that an instance in good order is quiet. */
export const defaultThresholds = ({ maxConnections, minReplicas }: InstanceSize): AlertThresholds => ({
  highConnections: Math.min(seedHighConnections, Math.floor(0.8 * maxConnections)),
  rejectedPerSecond: 0,
  authFailuresPerSecond: 100,
  memoryPercent: 85,
  minPeers: Math.max(0, Math.min(seedMinPeers, minReplicas - 1)),
  eventLoopLagMs: 250,
  slowClientsPerSecond: 1,
  gapsPerSecond: 1,
  holesPerSecond: 10,
  journalPercent: 90,
  journalSilenceSec: 60,
});
