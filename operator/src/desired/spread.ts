import type { PodExtras } from "@revenprox/contract/resource/spec-pod";

type SpreadRules = NonNullable<PodExtras["topologySpread"]>;

/** Soft: on a single node everything still runs, and a full zone never blocks a roll-out. */
const overZonesAndNodes: SpreadRules = [
  { topologyKey: "topology.kubernetes.io/zone" },
  { topologyKey: "kubernetes.io/hostname" },
];

/** Spreads the pods with these labels; with `perRevision` each roll-out by itself. */
export const spread = (
  matchLabels: Readonly<Record<string, string>>,
  perRevision: readonly string[],
  rules: SpreadRules = overZonesAndNodes,
) =>
  rules.map(({ topologyKey, maxSkew = 1, whenUnsatisfiable = "ScheduleAnyway" }) => ({
    maxSkew,
    topologyKey,
    whenUnsatisfiable,
    labelSelector: { matchLabels },
    ...(perRevision.length === 0 ? {} : { matchLabelKeys: perRevision }),
  }));
