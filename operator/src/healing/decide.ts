import type { RevenProxSpec } from "@revenprox/contract/resource/spec";
import type { Replacement } from "@revenprox/contract/resource/status-healing";
import type { PodLoad } from "../fleet/pod-load.ts";
import { type Ailment, isFine } from "./ailments.ts";

export interface HealingSettings {
  readonly enabled: boolean;
  readonly maxPerHour: number;
  readonly afterMs: number;
}

/** `spec.healing` with the operator's defaults. */
export const healingSettings = ({ healing = {} }: Pick<RevenProxSpec, "healing">): HealingSettings => ({
  enabled: healing.enabled ?? true,
  maxPerHour: healing.maxReplacementsPerHour ?? 3,
  afterMs: (healing.afterSeconds ?? 120) * 1_000,
});

export interface HealingFacts {
  readonly settings: HealingSettings;
  /** All proxy pods, also those that are going. */
  readonly loads: readonly PodLoad[];
  readonly ailments: readonly Ailment[];
  /** Whether all pods are of the present spec, and as many as it asks for. */
  readonly settled: boolean;
  /** What counts against the budget. */
  readonly past: readonly Replacement[];
}

/** Why a proxy that is due is left alone for now. */
export type Restraint = "Disabled" | "MostAffected" | "PodsChange";

export type HealingDecision =
  /** No proxy has ailed for long enough. */
  | { readonly kind: "none" }
  | { readonly kind: "restrained"; readonly by: Restraint; readonly due: readonly Ailment[] }
  | { readonly kind: "exhausted"; readonly due: readonly Ailment[] }
  /** To be put on the budget before it is evicted; one whose eviction did not get through stands there already. */
  | { readonly kind: "replace"; readonly ailment: Ailment };

const restraintOf = ({ settings, loads, ailments, settled }: HealingFacts): Restraint | undefined => {
  if (!settings.enabled) return "Disabled";
  const staying = loads.filter(({ goneBy }) => goneBy === undefined);
  const fine = staying.filter(isFine).length;
  // Most of them at once: the cause is NATS, the verifier, or the network, and new pods would be no better.
  if (fine === 0 || fine * 2 < staying.length) return "MostAffected";
  const ailing = new Set(ailments.map(({ uid }) => uid));
  const othersStand = staying.every(({ uid, ready }) => ready || ailing.has(uid));
  return settled && othersStand && staying.length === loads.length ? undefined : "PodsChange";
};

/** Which proxy to replace now, if any: one at a time, never in a rollout, never when most are affected. Pure. */
export const decideHealing = (facts: HealingFacts): HealingDecision => {
  const { settings, ailments, past } = facts;
  const due = ailments
    .filter(({ since, seenAt }) => seenAt - since >= settings.afterMs)
    .toSorted((a, b) => a.since - b.since || (a.pod < b.pod ? -1 : 1));
  const [longest] = due;
  if (longest === undefined) return { kind: "none" };
  const by = restraintOf(facts);
  if (by !== undefined) return { kind: "restrained", by, due };
  const begun = due.find(({ uid }) => past.some((each) => each.uid === uid));
  if (begun !== undefined) return { kind: "replace", ailment: begun };
  if (past.length >= settings.maxPerHour) return { kind: "exhausted", due };
  return { kind: "replace", ailment: longest };
};
