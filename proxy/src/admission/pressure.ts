import type { EffectiveLimits } from "./effective-limits.ts";

/** What admission looks at beyond the number of streams. */
export const resources = ["memory", "cpu", "network", "fileDescriptors"] as const;
export type Resource = (typeof resources)[number];

/** What the process uses, in the units of `EffectiveLimits`. Undefined: not known. */
export type Usage = Readonly<Record<Resource, number | undefined>>;

/** A resource that was above its limit is so until it is below this share of it. */
const relief = 0.95;

/** The resources that keep new streams out now; `before` are those that did when last looked at. */
export const pressedResources = (
  before: ReadonlySet<Resource>,
  usage: Usage,
  limits: Pick<EffectiveLimits, Resource>,
): ReadonlySet<Resource> =>
  new Set(
    resources.filter((resource) => {
      const used = usage[resource];
      const limit = limits[resource];
      if (used === undefined || limit === undefined) return false;
      return before.has(resource) ? used >= limit * relief : used > limit;
    }),
  );

const mebibytes = (bytes: number): string => `${Math.round(bytes / 1_048_576)} MiB`;

const inWords: Readonly<Record<Resource, { readonly key: string; readonly amount: (value: number) => string }>> = {
  memory: { key: "limits.max_memory_mb", amount: (value) => `${mebibytes(value)} of resident memory` },
  cpu: { key: "limits.max_cpu_percent", amount: (value) => `${Math.round(value)} % of a core` },
  network: { key: "limits.max_network_mbps", amount: (value) => `${Math.round(value)} Mbit/s` },
  fileDescriptors: {
    key: "limits.max_file_descriptors",
    amount: (value) => `${Math.round(value)} open files`,
  },
};

/** `900 MiB of resident memory used, limit 850 MiB of resident memory (limits.max_memory_mb)` */
export const pressureText = (resource: Resource, usage: Usage, limits: Pick<EffectiveLimits, Resource>): string => {
  const { key, amount } = inWords[resource];
  return `${amount(usage[resource] ?? 0)} used, limit ${amount(limits[resource] ?? 0)} (${key})`;
};

/** The limits that are set: `850 MiB of resident memory, 950 open files`. */
export const limitsText = (limits: Pick<EffectiveLimits, Resource>): string =>
  resources
    .flatMap((resource) => (limits[resource] === undefined ? [] : [inWords[resource].amount(limits[resource])]))
    .join(", ");
