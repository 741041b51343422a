import { quantityBytes } from "../desired/quantity.ts";

/** The volume claim of one NATS server as far as its growth depends on it. */
export interface JournalClaim {
  readonly name: string;
  /** Bytes that are asked for, and bytes that the file system has; undefined while nothing is told. */
  readonly requestedBytes: number | undefined;
  readonly capacityBytes: number | undefined;
  readonly leaving: boolean;
  /** What the claim itself says of its resize, such as that its driver waits for the pod. */
  readonly says: string | undefined;
}

/** What may hold volumes up for good. */
export interface GrowthLimits {
  /** Whether the StorageClass allows it; undefined where that is not known: then the API server decides. */
  readonly expandable: boolean | undefined;
  readonly className: string | undefined;
  /** What the API server said when it was asked last. */
  readonly refusal: string | undefined;
}

/** The next step of volumes towards a larger size. */
export type GrowthStep =
  | { readonly kind: "expand"; readonly claims: readonly JournalClaim[] }
  | { readonly kind: "wait"; readonly why: string }
  | { readonly kind: "blocked"; readonly why: string }
  | { readonly kind: "grown" };

const wait = (why: string): GrowthStep => ({ kind: "wait", why });

const isSmaller = (bytes: number | undefined, wanted: number): boolean => bytes === undefined || bytes < wanted;

const hindrance = ({ expandable, className, refusal }: GrowthLimits, names: string): string | undefined => {
  if (expandable === false)
    return `StorageClass ${className} has no allowVolumeExpansion: set it to true where its driver can expand volumes (${names})`;
  return refusal === undefined ? undefined : `the API server refuses larger claims (${names}): ${refusal}`;
};

/** What is to be done next so that each claim has `wanted`; undefined claims do not exist. Never asks for less than there is. */
export const nextGrowth = (
  wanted: string,
  claims: readonly (JournalClaim | undefined)[],
  limits: GrowthLimits,
): GrowthStep => {
  const bytes = quantityBytes(wanted);
  const present = claims.filter((claim) => claim !== undefined);
  if (present.length < claims.length) return wait(`${present.length} of ${claims.length} servers have a volume claim`);
  const leaving = present.find((claim) => claim.leaving);
  if (leaving !== undefined) return wait(`claim ${leaving.name} is being deleted`);
  const small = present.filter(({ requestedBytes }) => isSmaller(requestedBytes, bytes));
  if (small.length > 0) {
    const why = hindrance(limits, small.map(({ name }) => name).join(", "));
    return why === undefined ? { kind: "expand", claims: small } : { kind: "blocked", why };
  }
  const waiting = present.find(({ capacityBytes }) => isSmaller(capacityBytes, bytes));
  if (waiting === undefined) return { kind: "grown" };
  return wait(
    `the file system of ${waiting.name} is being enlarged${waiting.says === undefined ? "" : ` (${waiting.says})`}`,
  );
};

/** The smallest of the volumes that are left of a former StatefulSet, as a quantity; undefined where there is none. */
export const smallestKept = (claims: readonly (JournalClaim | undefined)[]): string | undefined => {
  const sizes = claims.flatMap((claim) =>
    claim === undefined || claim.leaving ? [] : (claim.capacityBytes ?? claim.requestedBytes ?? []),
  );
  return sizes.length === 0 ? undefined : String(Math.min(...sizes));
};
