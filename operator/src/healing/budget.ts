import type { HealingStatus, Replacement } from "@revenprox/contract/resource/status-healing";
import type { Ailment } from "./ailments.ts";

const HOUR_MS = 3_600_000;
/** Times in the status are whole seconds. */
const ROUNDING_MS = 1_000;

/** Replacements that still count against the budget; one of the future does, too: clocks are set back. */
export const withinHour = (replacements: readonly Replacement[], now: Date): readonly Replacement[] =>
  replacements.filter(({ time }) => now.getTime() - Date.parse(time) < HOUR_MS + ROUNDING_MS);

const wholeSeconds = (time: Date): string => time.toISOString().replace(/\.\d+Z$/, "Z");

/**
 * What counts once this pod is on the budget: to be stored before it is evicted. A pod whose eviction is tried again
 * counts once, from the last try on, so that no hour sees more pods go than the budget has.
 */
export const charged = (
  counted: readonly Replacement[],
  { pod, uid, cause }: Ailment,
  now: Date,
): readonly Replacement[] => [
  ...counted.filter((each) => each.uid !== uid),
  { pod, uid, cause, time: wholeSeconds(now) },
];

/** `status.healing` of what counts; undefined when there is nothing to say. */
export const healingStatusOf = (counted: readonly Replacement[], maxPerHour: number): HealingStatus | undefined =>
  counted.length === 0
    ? undefined
    : { remaining: Math.max(0, maxPerHour - counted.length), replacements: [...counted] };
