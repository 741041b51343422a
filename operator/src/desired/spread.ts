/**
 * Spreads pods over zones and nodes where possible.
 * Soft: on a single node everything still runs, and a full zone never blocks a roll-out.
 */
export const spread = (matchLabels: Readonly<Record<string, string>>, perRevision: readonly string[]) =>
  ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map((topologyKey) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels },
    ...(perRevision.length === 0 ? {} : { matchLabelKeys: perRevision }),
  }));
